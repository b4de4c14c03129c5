"""Addresses of the audit."""

from django.urls import path

from guatu.web.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.listed, name="audit"),
    path("record/", views.history, name="history"),
]
