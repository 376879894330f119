"""The HTTP API: the hub's routers and the shop's, described at `/api/docs`."""

from django.views.decorators.cache import never_cache
from ninja import NinjaAPI, Swagger

from hub.api import (
    Session,
    UserThrottle,
    answer_errors,
    notifications_router,
    preferences,
    tickets,
)
from orders import api as shop

DESCRIPTION = """\
Log in on the site first: the API uses the same session. A change carries the CSRF token of a page
in `X-CSRFToken`. Every error is `{"error": {"code", "message"}}`.
"""


class Docs(Swagger):
    """In a template of the shop's, with colours that can be read."""

    template = "frontend/api_docs.html"


api = NinjaAPI(
    title="Shop and notifications",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    # No badge: the validator is another site's server.
    docs=Docs({"validatorUrl": None, "persistAuthorization": False}),
    docs_decorator=never_cache,
    auth=Session(),
    throttle=UserThrottle(),
)
# No cache may keep a user's answers, errors included.
api.add_decorator(never_cache, mode="view")
answer_errors(api)
api.add_router("", tickets.router)
api.add_router("/notifications", notifications_router())
api.add_router("", preferences.router)
api.add_router("/products", shop.products)
api.add_router("/orders", shop.orders)
