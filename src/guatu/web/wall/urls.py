"""Addresses of the wall."""

from django.urls import path

from guatu.web.wall import views

app_name = "wall"
urlpatterns = [
    path("", views.wall, name="wall"),
    path("wall/parts/", views.parts, name="parts"),
    path("wall/counters/", views.counters, name="counters"),
]
