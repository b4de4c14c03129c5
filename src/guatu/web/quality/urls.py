"""Addresses below /quality/."""

from django.urls import path

from guatu.web.quality import views

app_name = "quality"
urlpatterns = [
    path("", views.plants, name="plants"),
    path("<int:plant_id>/", views.plant, name="plant"),
    path("<int:plant_id>/forget/", views.forget, name="forget"),
]
