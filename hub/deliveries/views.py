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
from hub.identity.users import find_users
from hub.inbox.preferences import PreferenceError, choose, defaults


def words_of(type: str) -> str:
    """A readable name for a type that has no other."""
    return type.replace(".", ": ").replace("_", " ")


# The signed link is the authority: a mail program that posts it sends no cookie.
@method_decorator([csrf_exempt, never_cache], name="dispatch")
class Unsubscribe(View):
    """GET asks; POST switches emails of the type off, or with `on=1` on again.

    `Unsubscribe.as_view(template_name=…, kind_name=…)` shows a page of the project's own. Its
    template is given `subject`, `done` and `on`; `kind_name` returns the subject for a type.
    """

    template_name = "hub/unsubscribe.html"
    kind_name: Callable[[str], str] = staticmethod(words_of)

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        _, type = self._read(token)
        return self._page(request, type, done=False, on=True)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        person, type = self._read(token)
        on = request.POST.get("on") == "1"
        try:
            choose(person, {type: {"email": on}})
        except PreferenceError as error:
            raise Http404("there are no emails of this kind any more") from error
        return self._page(request, type, done=True, on=on)

    def _read(self, token: str) -> tuple[str, str]:
        try:
            person, type = read_token(token)
        except ValueError as error:
            raise Http404("not a link of this site") from error
        if type not in defaults() or not find_users([person]):
            raise Http404("the account or the kind of email is gone")
        return person, type

    def _page(self, request: HttpRequest, type: str, **context: Any) -> HttpResponse:
        context |= {"subject": self.kind_name(type)}
        response = render(request, self.template_name, context)
        response["Referrer-Policy"] = "no-referrer"  # the URL is a key
        response["X-Robots-Tag"] = "noindex"
        return response
