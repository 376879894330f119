from desk.policy import DeskPolicy
from ninja import NinjaAPI

from hub.api import preferences, tickets
from hub.api.answers import answer_errors
from hub.api.notifications import notifications_router
from hub.api.session import PersonThrottle, Session

api = NinjaAPI(urls_namespace="api", auth=Session(), throttle=PersonThrottle())
answer_errors(api)
api.add_router("", tickets.router)
api.add_router("/notifications", notifications_router(DeskPolicy()))
api.add_router("", preferences.router)
