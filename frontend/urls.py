"""The pages' URLs."""

from django.urls import path, re_path

from frontend.views import (
    account,
    links,
    media,
    orders,
    passwords,
    products,
)

urlpatterns = [
    path("", products.shop, name="shop"),
    path("products/<slug:slug>/", products.product, name="product"),
    path("products/<slug:slug>/order", products.order, name="place-order"),
    path("products/<slug:slug>/watch", products.watch, name="watch"),
    path("orders/", orders.orders, name="orders"),
    path("orders/<str:number>/", orders.order, name="order"),
    path("account/", account.account, name="account"),
    path("account/delete", account.delete, name="delete-account"),
    path("accounts/login/", account.LogIn.as_view(), name="login"),
    path("accounts/signup/", account.sign_up, name="signup"),
    path("accounts/logout/", account.LogOut.as_view(), name="logout"),
    path("accounts/logout-everywhere/", passwords.log_out_everywhere, name="logout-everywhere"),
    path("accounts/password_change/", passwords.ChangePassword.as_view(), name="password-change"),
    path("accounts/password_reset/", passwords.reset, name="password_reset"),
    path(
        "accounts/reset/<uidb64>/<token>/",
        passwords.ChoosePassword.as_view(),
        name="password_reset_confirm",
    ),
    path("accounts/confirm/", links.ask_again, name="confirm-again"),
    path("accounts/confirm/<str:token>/", links.confirm_address, name="confirm-address"),
    path("accounts/end-sessions/<str:token>/", links.end_sessions, name="end-sessions"),
    # Browsers request this path for pages that name no icon, such as the admin's.
    path("favicon.ico", media.favicon),
    re_path(r"^media/(?P<name>.+)$", media.media, name="media"),
]
