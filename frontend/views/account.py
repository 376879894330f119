"""Sign up, log in and out, change or delete one's account."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from frontend.forms import AccountForm, DeleteForm, ShopForm, SignUpForm
from orders.models import User


class LogInForm(ShopForm, AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not go together. Capital letters count.",
    }


class LogIn(LoginView):
    template_name = "frontend/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: Form) -> HttpResponse:
        form.focus_error()
        return self.render_to_response(self.get_context_data(form=form), status=422)


class LogOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = super().post(request, *args, **kwargs)
        messages.success(request, "You are logged out.")
        return answer


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("shop")
    form = SignUpForm(request.POST or None)
    status = 200
    if request.method == "POST":
        person = form.save() if form.is_valid() else None
        if person is not None:
            login(request, person, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(request, "Your account is ready, and you are logged in.")
            return redirect(_next(request))
        form.focus_error()
        status = 422
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "frontend/signup.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    # A form writes into its instance even when it is refused; the page shows the stored person.
    person = User.objects.get(pk=request.user.pk)
    form = AccountForm(request.POST or None, instance=person)
    status = 200
    if request.method == "POST":
        if form.is_valid() and form.save() is not None:
            messages.success(request, "Your account was saved.")
            return redirect("account")
        form.focus_error()
        status = 422
    context = {"form": form, "delete_form": DeleteForm(person=request.user)}
    return render(request, "frontend/account.html", context, status=status)


@sensitive_post_parameters()
@require_POST
@login_required
def delete(request: HttpRequest) -> HttpResponse:
    person = request.user
    form = DeleteForm(request.POST, person=person)
    if not form.is_valid():
        form.focus_error()
        context = {"form": AccountForm(instance=User.objects.get(pk=person.pk))}
        return render(request, "frontend/account.html", context | {"delete_form": form}, status=422)
    User.objects.get(pk=person.pk).delete()
    # Not logout(): that would announce the end of a session to somebody who is gone.
    request.session.flush()
    request.user = AnonymousUser()
    messages.success(request, "Your account was deleted. Thank you for having been here.")
    return redirect("shop")


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    secure = request.is_secure()
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=secure):
        return wanted
    return "shop"
