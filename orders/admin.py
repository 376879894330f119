"""The shop in Django's admin: staff change prices and stock, and see orders, users and views."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.db.models import Count, ImageField, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from orders.models import (
    Inventory,
    Order,
    Product,
    ProductImage,
    ProductSummary,
    ProductView,
    Profile,
    User,
)
from orders.only_changes import OnlyChanges, OnlyChangesForm
from orders.uploads import PictureField
from orders.watching import check_watched

admin.site.site_header = "Shop"
admin.site.site_title = "Shop"

Watching = Product.watchers.through
Watching._meta.verbose_name = "watched product"
Watching._meta.verbose_name_plural = "watched products"

PICTURES = {ImageField: {"form_class": PictureField}}


class Dependent:
    """A row that is added and deleted only together with its owner."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Django also asks this on the pages of the owner, for all rows that are deleted with it.
        own_pages = f"{self.opts.app_label}_{self.opts.model_name}_"
        match = request.resolver_match
        return not (match and (match.url_name or "").startswith(own_pages))


class ReadOnly(Dependent):
    """A row that the shop writes: staff only read it."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Preview:
    """Shows a ProductImage's picture."""

    @admin.display(description="preview")
    def preview(self, image: ProductImage) -> str:
        if not image.image:
            return ""
        return format_html(
            '<img src="{}" alt="{}" width="72" height="72">', image.thumbnail_url, image.alt
        )


# Products


class InventoryInline(OnlyChanges, admin.StackedInline):
    model = Inventory


class ImageInline(OnlyChanges, Preview, admin.TabularInline):
    model = ProductImage
    extra = 0
    fields = ("preview", "image", "alt", "position")
    readonly_fields = ("preview",)
    formfield_overrides = PICTURES


class SummaryInline(OnlyChanges, Dependent, admin.StackedInline):
    model = ProductSummary
    can_delete = False


class ProductForm(OnlyChangesForm):
    def clean_watchers(self) -> QuerySet[User]:
        chosen = self.cleaned_data["watchers"]
        if added := {user.pk for user in chosen} - self._shown("watchers"):
            check_watched(added)
        return chosen


@admin.register(Product)
class ProductAdmin(OnlyChanges, admin.ModelAdmin):
    form = ProductForm
    list_display = ("name", "price", "pieces", "watched_by", "view_count", "created_at")
    list_editable = ("price",)
    list_filter = ("created_at",)
    search_fields = ("name", "slug", "inventory__item_code")
    search_help_text = "Name, address or item code"
    prepopulated_fields = {"slug": ("name",)}
    autocomplete_fields = ("watchers",)
    readonly_fields = ("view_count", "created_at")
    inlines = (InventoryInline, ImageInline, SummaryInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        rows = super().get_queryset(request).select_related("inventory")
        # Only the list shows the count; a row that is saved must not carry a GROUP BY.
        match = request.resolver_match
        if match and match.url_name == "orders_product_changelist" and request.method == "GET":
            rows = rows.annotate(watcher_count=Count("watchers"))
        return rows

    @admin.display(description="in stock", ordering="inventory__quantity")
    def pieces(self, product: Product) -> int:
        return product.stock

    @admin.display(description="watched by")
    def watched_by(self, product: Product) -> str:
        """The number of watchers, with a link to the list of them."""
        count = getattr(product, "watcher_count", None)
        if not count:
            return "nobody"
        path = reverse("admin:orders_product_watchers_changelist")
        return format_html('<a href="{}?product__id__exact={}">{}</a>', path, product.pk, count)


@admin.register(Inventory)
class InventoryAdmin(OnlyChanges, admin.ModelAdmin):
    list_display = ("product", "item_code", "item_condition", "quantity")
    list_display_links = ("product",)
    list_editable = ("quantity",)
    list_select_related = ("product",)
    list_filter = ("item_condition",)
    search_fields = ("product__name", "item_code")
    autocomplete_fields = ("product",)
    ordering = ("product__name",)


@admin.register(ProductImage)
class ProductImageAdmin(OnlyChanges, Preview, admin.ModelAdmin):
    list_display = ("preview", "product", "alt", "position")
    list_display_links = ("preview", "product")
    list_select_related = ("product",)
    search_fields = ("product__name", "alt", "image")
    autocomplete_fields = ("product",)
    readonly_fields = ("preview",)
    formfield_overrides = PICTURES


@admin.register(ProductSummary)
class ProductSummaryAdmin(OnlyChanges, Dependent, admin.ModelAdmin):
    list_display = ("product", "content")
    list_select_related = ("product",)
    search_fields = ("product__name", "content")
    readonly_fields = ("product",)


@admin.register(ProductView)
class ProductViewAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "product", "visitor")
    list_select_related = ("product", "person")
    list_filter = ("at",)
    date_hierarchy = "at"
    search_fields = ("product__name", "person__username")
    show_full_result_count = False  # the table grows with every visit
    ordering = ("-at",)

    @admin.display(description="who", ordering="person__username")
    def visitor(self, view: ProductView) -> str:
        return str(view.person or "a visitor")


@admin.register(Watching)
class WatchingAdmin(ReadOnly, admin.ModelAdmin):
    """The watch lists. They are changed on the product's page, or by the user."""

    list_display = ("product", "user")
    list_display_links = None
    list_select_related = ("product", "user")
    list_filter = (("product", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("product__name", "user__username", "user__email")
    ordering = ("product__name", "user__username")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("orders.view_product")  # Django makes none for this table


# Orders


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders are placed in the shop. Here they are read or deleted."""

    list_display = ("number", "created_at", "product", "quantity", "total", "ordered_by")
    list_select_related = ("product", "ordered_by")
    list_filter = ("created_at",)
    date_hierarchy = "created_at"
    search_fields = ("number", "product__name", "ordered_by__username", "buyer_name")
    search_help_text = "Number, product or buyer"
    readonly_fields = (
        "number",
        "product",
        "quantity",
        "unit_price",
        "total",
        "ordered_by",
        "buyer_name",
        "created_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


# Users


class ProfileInline(OnlyChanges, Dependent, admin.StackedInline):
    model = Profile
    can_delete = False


@admin.register(Profile)
class ProfileAdmin(OnlyChanges, Dependent, admin.ModelAdmin):
    list_display = ("user", "bio")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "bio")
    readonly_fields = ("user",)


class UserForm(OnlyChangesForm, UserChangeForm):
    def changed_columns(self) -> list[str]:
        """Staff vouch for the address that they enter."""
        columns = super().changed_columns()
        return [*columns, "confirmed_email"] if "email" in columns else columns


@admin.register(User)
class UserAdmin(OnlyChanges, DjangoUserAdmin):
    form = UserForm
    fieldsets = (
        *DjangoUserAdmin.fieldsets,
        ("Shop", {"fields": ("wants_news", "watches")}),
    )
    list_display = (*DjangoUserAdmin.list_display, "wants_news", "date_joined")
    list_filter = (*DjangoUserAdmin.list_filter, "wants_news")
    readonly_fields = ("watches",)
    inlines = (ProfileInline,)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if "email" in form.changed_data:
            obj.confirmed_email = obj.email
        super().save_model(request, obj, form, change)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else ()

    @admin.display(description="watches")
    def watches(self, user: User) -> str:
        count = user.watched_products.count()
        path = reverse("admin:orders_product_watchers_changelist")
        return format_html(
            '<a href="{}?user__id__exact={}">{} product{}</a>',
            path,
            user.pk,
            count,
            "" if count == 1 else "s",
        )
