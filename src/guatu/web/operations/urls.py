"""Addresses of operations."""

from django.urls import path

from guatu.web.operations.views import day, parts, standing

app_name = "operations"
urlpatterns = [
    path("", standing, name="standing"),
    path("parts/", parts, name="parts"),
    path("day/", day, name="day"),
]
