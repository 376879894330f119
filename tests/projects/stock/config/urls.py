from django.contrib import admin
from django.urls import path

from hub.deliveries.views import Unsubscribe

urlpatterns = [
    path("admin/", admin.site.urls),
    path("unsubscribe/<str:token>/", Unsubscribe.as_view(), name="hub-unsubscribe"),
]
