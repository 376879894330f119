from django.urls import include, path
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.views import TokenObtainPairView

from config.documented import by_jwt, by_rest_framework
from hub.views import TicketView

urlpatterns = [
    path("hub/", include("hub.urls")),
    path("token-ticket", TicketView.as_view(authenticate=by_rest_framework())),
    path("simplejwt-ticket", TicketView.as_view(authenticate=by_rest_framework(JWTAuthentication))),
    path("jwt-ticket", TicketView.as_view(authenticate=by_jwt)),
    path("jwt", TokenObtainPairView.as_view()),
]
