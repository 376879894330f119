from django.urls import include, path

urlpatterns = [path("hub/", include("hub.urls"))]
