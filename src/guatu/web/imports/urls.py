"""Addresses below /imports/."""

from django.urls import path

from guatu.web.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.listed, name="list"),
    path("<int:import_id>/", views.shown, name="shown"),
    path("<int:import_id>/annotated/", views.annotated, name="annotated"),
    path("<int:import_id>/do/<slug:deed>/", views.act, name="act"),
    path("<slug:kind>/", views.bring, name="bring"),
    path("<slug:kind>/template/", views.template, name="template"),
]
