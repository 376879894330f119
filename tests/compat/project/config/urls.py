from django.http import HttpResponse
from django.template import engines
from django.urls import path, re_path

from config.api import api
from hub.api.answers import unknown_path
from hub.deliveries.unsubscribing import ROUTE
from hub.deliveries.views import Unsubscribe
from hub.views import healthz, readyz


def page(request):
    template = engines["django"].from_string("{{ hub_page }}")
    return HttpResponse(template.render({}, request))


urlpatterns = [
    path("page/<int:number>/", lambda request, number: page(request)),
    path("healthz", healthz),
    path("readyz", readyz),
    path("api/", api.urls),
    re_path("^api/", unknown_path),
    path("unsubscribe/<str:token>/", Unsubscribe.as_view(), name=ROUTE),
]
