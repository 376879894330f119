"""The page behind the link in an email. A GET changes nothing, because programs follow links."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from hub.deliveries.unsubscribing import read_token
from hub.events import type_label
from hub.identity.users import find_users
from hub.inbox.preferences import PreferenceError, choose, defaults, security_types
from hub.pages.frame import base_template, path_of


# The signed link is the authority: a mail program that posts it sends no cookie.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(View):
    """GET asks; POST switches emails of the link's types off, or with `on=1` back on.

    `hub.urls` has it, in the frame of `HUB["BASE_TEMPLATE"]`. As a view of the project's own,
    `Unsubscribe.as_view(base_template=…, kind_name=…, preferences_url=…)` takes another frame
    (blocks `title` and `content`), another name of the type, and another link to the user's
    preferences. `template_name` replaces the whole page; its context is `subject` (the type's
    name), `done`, `on`, `is_locked` (the emails protect the account and go on), `base_template` and
    `preferences_url`.
    """

    template_name = "hub/unsubscribe.html"
    base_template = ""
    preferences_url: Any = ""
    kind_name: Callable[[str], str] = staticmethod(type_label)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        _, types = self._read(token)
        return self._page(request, types, done=False, on=True)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user, types = self._read(token)
        if security_types() & set(types):
            return self._page(request, types, done=False, on=True)
        on = request.POST.get("on") == "1"
        try:
            choose(user, {type: {"email": on} for type in types})
        except PreferenceError as error:
            raise Http404("there are no emails of this kind any more") from error
        return self._page(request, types, done=True, on=on)

    def _read(self, token: str) -> tuple[str, list[str]]:
        try:
            user, types = read_token(token)
        except ValueError as error:
            raise Http404("not a link of this site") from error
        known = [type for type in types if type in defaults()]
        if not known or not find_users([user]):
            raise Http404("the account or the kind of email is gone")
        return user, known

    def _page(self, request: HttpRequest, types: list[str], **context: Any) -> HttpResponse:
        context |= {
            "subject": ", ".join(self.kind_name(type) for type in types),
            "is_locked": bool(security_types() & set(types)),
            "base_template": self.base_template or base_template(),
            "preferences_url": self.preferences_url or path_of("hub:preferences"),
        }
        response = render(request, self.template_name, context)
        response["Referrer-Policy"] = "no-referrer"  # the URL is a key
        response["X-Robots-Tag"] = "noindex"
        return response
