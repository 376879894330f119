"""The user's orders."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from orders.models import Order

PAGE_SIZE = 25  # orders


@require_safe
@login_required
def orders(request: HttpRequest) -> HttpResponse:
    mine = Order.objects.filter(ordered_by=request.user).select_related("product")
    mine = mine.prefetch_related("product__images")
    page = Paginator(mine, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "frontend/orders.html", {"page": page})


@require_safe
@login_required
def order(request: HttpRequest, number: str) -> HttpResponse:
    """One order, for its buyer and for staff; 404 for everybody else."""
    if "\0" in number:  # PostgreSQL refuses to compare with it
        raise Http404("no order number")
    visible = Order.objects.select_related("product").prefetch_related("product__images")
    if not request.user.is_staff:
        visible = visible.filter(ordered_by=request.user)
    found = get_object_or_404(visible, number=number)
    return render(request, "frontend/order.html", {"order": found})
