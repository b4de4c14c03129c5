"""Addresses of people."""

from django.urls import path

from guatu.web.people import second_factor_views, session_views, views

app_name = "people"
urlpatterns = [
    path("signin/", views.signin, name="signin"),
    path("signout/", views.signout, name="signout"),
    path("signin/code/", second_factor_views.ask_code, name="code"),
    path("account/", views.account, name="account"),
    path("account/second-factor/", second_factor_views.own_second_factor, name="second-factor"),
    path("account/sessions/", session_views.own_sessions, name="sessions"),
    path("sign-ins/", session_views.sign_ins, name="sign-ins"),
    path("sign-ins/<int:pk>/", session_views.access, name="access"),
]
