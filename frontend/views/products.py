"""The list of products, a product's page, and its forms."""

import re
import secrets
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from frontend.forms import OrderForm
from hub import preferences, session_digest
from hub.identity import Rates, address_of_request
from orders.errors import Refused
from orders.models import Product
from orders.placing import place
from orders.signals import product_viewed
from orders.topics import product_page_topic, product_topic

PAGE_SIZE = 24  # products
# Of visitors without a session, per address and process: a second, and at once.
VIEWS_RATE, VIEWS_BURST = 0.2, 100
_views = Rates()


@require_safe
def shop(request: HttpRequest) -> HttpResponse:
    products = Product.objects.select_related("inventory").prefetch_related("images")
    page = Paginator(products, PAGE_SIZE).get_page(request.GET.get("page"))
    for card in page:
        card.topics = f"{product_topic(card.pk)} {product_page_topic(card.pk)}"
    context = {"page": page, "low_stock": settings.LOW_STOCK}
    return render(request, "frontend/shop.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    # A visitor who had to log in first returns with the quantity that they asked for.
    quantity = request.GET.get("quantity", "")
    is_number = quantity.isascii() and quantity.isdigit()
    form = OrderForm(initial={"quantity": quantity} if is_number else None)
    found = _find(slug)
    page = _page(request, found, form)
    if _is_visit(request):
        user = request.user if request.user.is_authenticated else None
        session = session_digest(request.session.session_key) or ""
        if user is None and not session and not _may_count(request):
            return page
        # Robust: if a view cannot be recorded, that is logged and the page is still shown.
        product_viewed.send_robust(Product, product=found, person=user, session=session)
    return page


@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, slug: str) -> HttpResponse:
    """Place an order. A refused one shows the page again with the reason and status 422.

    GET redirects to the product, because browsers can reload the address of a refused order.
    """
    found = _find(slug)
    if request.method != "POST":
        return redirect(found)
    if not request.user.is_authenticated:
        asked = {"quantity": request.POST.get("quantity", "")[:9]}
        return redirect_to_login(f"{found.get_absolute_url()}?{urlencode(asked)}")
    form = OrderForm(request.POST)
    if form.is_valid():
        try:
            placed = place(found, request.user, form.cleaned_data["quantity"], _token(request))
        except Refused as refusal:
            form.add_error("quantity", refusal)
            found = _find(slug)  # with the stock that the refusal mentions
        else:
            if not placed.is_new:
                text = "You placed this order already. To order again, reload the product's page."
                messages.info(request, text)
            return redirect(placed.order)
    return _page(request, found, form, status=422)


@require_POST
def watch(request: HttpRequest, slug: str) -> HttpResponse:
    found = _find(slug)
    if not request.user.is_authenticated:
        return redirect_to_login(found.get_absolute_url())
    wanted = request.POST.get("on")
    if wanted == "1":
        try:
            with transaction.atomic():
                found.watchers.add(request.user)
        except Refused as refusal:
            messages.error(request, refusal.messages[0])
        except IntegrityError:
            messages.error(request, "This product or your account no longer exists.")
            return redirect("shop")
    elif wanted == "0":
        found.watchers.remove(request.user)
    elif wanted == "unmute":
        preferences.unmute(request.user.pk, topic=product_topic(found.pk))
    else:
        messages.error(request, "Choose Watch or Stop watching on the product's page.")
    return redirect(found)


def _is_visit(request: HttpRequest) -> bool:
    """Whether the page is shown to a user, not prefetched or fetched to refresh an open page."""
    is_prefetch = "prefetch" in request.headers.get("Sec-Purpose", "")
    return request.method == "GET" and not is_prefetch and "X-Hub-Refresh" not in request.headers


def _may_count(request: HttpRequest) -> bool:
    """Whether a visitor who cannot be told from others may be counted: each view is a row."""
    address = address_of_request(request)
    return address is None or _views.take(address, VIEWS_RATE, VIEWS_BURST)


def _token(request: HttpRequest) -> str | None:
    """The token of the form that was posted: it makes a form that is sent twice one order."""
    token = request.POST.get("token", "")
    return token if re.fullmatch("[0-9a-f]{32}", token) else None


def _find(slug: str) -> Product:
    products = Product.objects.select_related("inventory").prefetch_related("images")
    return get_object_or_404(products, slug=slug)


def _page(request: HttpRequest, found: Product, form: OrderForm, status: int = 200) -> HttpResponse:
    if form.is_bound:
        form.focus_error()
    user = request.user
    is_watched = user.is_authenticated and found.watchers.filter(pk=user.pk).exists()
    mutes = preferences.mutes_of(user.pk) if is_watched else []
    context = {
        "product": found,
        "form": form,
        "token": secrets.token_hex(16),
        "is_watched": is_watched,
        "is_muted": (product_topic(found.pk), "") in mutes,
        "hub_topics": [product_topic(found.pk), product_page_topic(found.pk)],
    }
    return render(request, "frontend/product.html", context, status=status)
