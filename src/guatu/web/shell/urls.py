"""Addresses of the frame."""

from django.urls import path

from guatu.web.shell import views

app_name = "shell"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("theme/", views.set_theme, name="theme"),
    path("language/", views.set_language, name="language"),
    path("live-pass/", views.live_pass, name="live-pass"),
]
