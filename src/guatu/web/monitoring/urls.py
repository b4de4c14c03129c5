"""Addresses below /plants/."""

from django.http import HttpResponse
from django.urls import path

app_name = "monitoring"
urlpatterns = [
    path("", lambda r: HttpResponse(""), name="plants"),
    path("<int:plant_id>/", lambda r, plant_id: HttpResponse(""), name="plant"),
    path("<int:plant_id>/limits/", lambda r, plant_id: HttpResponse(""), name="limits"),
]
