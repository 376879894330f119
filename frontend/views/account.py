"""Sign up, log in, log out, change and delete an account."""

import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth import authenticate, login
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from frontend.forms import AccountForm, DeleteForm, ShopForm, SignUpForm
from hub.errors import RowGone
from hub.pages import tell_since
from orders import attempts, known_browsers
from orders.models import User

SENT_TWICE = datetime.timedelta(minutes=1)  # within which a sign-up may be the same one again


class LogInForm(ShopForm, AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "Wrong username or password. Capital letters matter.",
    }


class LogIn(LoginView):
    template_name = "frontend/login.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        known_browsers.remember(self.request, response, self.request.user.get_username())
        return response

    def form_invalid(self, form: Form) -> HttpResponse:
        form.focus_error()
        return self.render_to_response(self.get_context_data(form=form), status=422)


class LogOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        messages.success(request, "You are logged out.")
        return response


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("shop")
    form = SignUpForm(request.POST or None)
    status = 200
    if request.method == "POST":
        attempt = attempts.begin(request)
        made = form.save() if form.is_valid() else None
        user = made or _just_signed_up(request)
        if user is not None:
            if made:
                attempts.signed_up(attempt)
            else:
                attempts.forget(attempt)
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            tell_since(request)  # the welcome
            text = "Your account is ready, and you are logged in. "
            text += f"We have sent a link to {user.email}: open it to get emails."
            messages.success(request, text)
            response = redirect(_next(request))
            known_browsers.remember(request, response, user.get_username())
            return response
        form.focus_error()
        status = 422
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "frontend/signup.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest) -> HttpResponse:
    # A refused form changes its instance as well; the page's header shows the stored user.
    form = AccountForm(request.POST or None, instance=_stored(request.user))
    status = 200
    if request.method == "POST":
        name = request.user.get_username()
        attempt = attempts.begin(request, name) if form.changes_email else None
        is_valid = form.is_valid()
        if "password" not in form.errors:
            attempts.forget(attempt)
        if is_valid and form.save() is not None:
            messages.success(request, "Your account was saved.")
            return redirect("account")
        form.focus_error()
        status = 422
    context = {
        "form": form,
        "delete_form": DeleteForm(user=request.user),
        "stored": _stored(request.user),
    }
    return render(request, "frontend/account.html", context, status=status)


@sensitive_post_parameters()
@require_POST
@login_required
def delete(request: HttpRequest) -> HttpResponse:
    user = request.user
    attempt = attempts.begin(request, user.get_username())
    form = DeleteForm(request.POST, user=user)
    if not form.is_valid():
        form.focus_error()
        stored = _stored(user)
        context = {"form": AccountForm(instance=stored), "delete_form": form, "stored": stored}
        return render(request, "frontend/account.html", context, status=422)
    attempts.forget(attempt)
    # Not an instance: another request may have deleted the account meanwhile.
    User.objects.filter(pk=user.pk).delete()
    # Not logout(): it would publish the end of a session of a user who no longer exists.
    request.session.flush()
    request.user = AnonymousUser()
    messages.success(request, "Your account was deleted.")
    return redirect("shop")


def _just_signed_up(request: HttpRequest) -> User | None:
    """The account that the same form has made a moment ago: it was sent twice."""
    names = {name: request.POST.get(name, "") for name in ("username", "email")}
    since = timezone.now() - SENT_TWICE
    if "\0" in "".join(names.values()):
        return None
    if not User.objects.filter(**names, date_joined__gt=since).exists():
        return None
    password = request.POST.get("password1", "")
    return authenticate(request, username=names["username"], password=password)


def _stored(user: User) -> User:
    """A fresh copy of the user. Raises RowGone if another request has deleted the account."""
    found = User.objects.filter(pk=user.pk).first()
    if found is None:
        raise RowGone("the account was deleted")
    return found


def _next(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    secure = request.is_secure()
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=secure):
        return target
    return "shop"
