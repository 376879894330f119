"""Change or reset one's password, and end one's sessions in all browsers."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods, require_POST

from frontend.forms import ShopForm
from hub.identity import end_sessions
from orders import addresses, attempts


class NewPasswordForm(ShopForm, SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = {
            "old_password": ("Current password", ""),
            "new_password1": (
                "New password",
                "At least 8 characters, not a common password, not only digits.",
            ),
            "new_password2": ("New password again", ""),
        }
        for name, field in self.fields.items():
            field.label, field.help_text = texts[name]


class ChangePasswordForm(NewPasswordForm, PasswordChangeForm):
    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "Wrong password. Nothing was changed.",
    }


class ChangePassword(PasswordChangeView):
    """Asks for the password again. The other sessions of the user end with it."""

    template_name = "frontend/password_change.html"
    form_class = ChangePasswordForm
    success_url = reverse_lazy("account")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        attempt = attempts.begin(request, request.user.get_username())
        form = self.get_form()
        is_valid = form.is_valid()
        if "old_password" not in form.errors:
            attempts.forget(attempt)
        return self.form_valid(form) if is_valid else self.form_invalid(form)

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        text = "Your password was changed. You are logged out in all other browsers."
        messages.success(self.request, text)
        return response

    def form_invalid(self, form: Form) -> HttpResponse:
        form.focus_error()
        return self.render_to_response(self.get_context_data(form=form), status=422)


class ResetForm(ShopForm, forms.Form):
    email = forms.EmailField(label="Email", widget=forms.EmailInput({"autocomplete": "email"}))


@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest) -> HttpResponse:
    """Ask for a link by email. The answer does not tell whether there is such an account."""
    form, sent, status = ResetForm(request.POST or None), "", 200
    if request.method == "POST":
        attempts.begin(request)  # each counts, whatever the address
        if form.is_valid():
            sent = form.cleaned_data["email"]
            addresses.send_reset_link(sent)
        else:
            form.focus_error()
            status = 422
    context = {"form": form, "sent": sent}
    return render(request, "frontend/password_reset.html", context, status=status)


class ChoosePassword(PasswordResetConfirmView):
    """Behind the link. It takes the key out of the URL before it shows the form."""

    template_name = "frontend/password_choose.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("login")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        attempt = attempts.begin(request)
        form = self.get_form()
        if not form.is_valid():
            form.focus_error()
            return self.render_to_response(self.get_context_data(form=form), status=422)
        attempts.forget(attempt)
        messages.success(request, "Your password was changed. Log in with it.")
        return self.form_valid(form)


@require_POST
@login_required
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of the user, this one included, and close their sockets."""
    end_sessions(request.user)
    logout(request)
    messages.success(request, "You are logged out in all browsers.")
    return redirect("shop")
