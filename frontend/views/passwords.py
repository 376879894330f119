"""Change one's password, and end one's sessions in all browsers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from frontend.forms import ShopForm
from hub.identity import end_sessions
from orders import attempts


class ChangePasswordForm(ShopForm, PasswordChangeForm):
    error_messages = {
        **PasswordChangeForm.error_messages,
        "password_incorrect": "Wrong password. Nothing was changed.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = {
            "old_password": "Current password",
            "new_password1": "New password",
            "new_password2": "New password again",
        }
        for name, label in labels.items():
            self.fields[name].label = label
            self.fields[name].help_text = ""
        self.fields[
            "new_password1"
        ].help_text = "At least 8 characters, not a common password, not only digits."


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


@require_POST
@login_required
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End all sessions of the user, this one included, and close their sockets."""
    end_sessions(request.user)
    logout(request)
    messages.success(request, "You are logged out in all browsers.")
    return redirect("shop")
