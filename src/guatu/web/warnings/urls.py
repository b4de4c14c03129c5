"""Addresses of the warning desk."""

from django.urls import path

from guatu.web.warnings import alerts, views

app_name = "warnings"
urlpatterns = [
    path("", views.desk, name="desk"),
    path("deadlines/", views.deadlines, name="deadlines"),
    path("alerts/", alerts.alerts, name="alerts"),
    path("alerts/<int:warning_id>/seen/", alerts.seen, name="seen"),
    path("acknowledge/", views.acknowledge_many, name="acknowledge_many"),
    path("<int:warning_id>/", views.detail, name="detail"),
    path("<int:warning_id>/<slug:verb>/", views.act, name="act"),
]
