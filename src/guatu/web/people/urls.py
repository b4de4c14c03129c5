"""Addresses of people."""

from django.urls import path

from guatu.web.people import views

app_name = "people"
urlpatterns = [
    path("signin/", views.signin, name="signin"),
    path("signout/", views.signout, name="signout"),
    path("account/", views.account, name="account"),
]
