from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("hub/", include("hub.urls")),
]
