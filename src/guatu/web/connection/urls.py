"""Addresses below /connections/."""

from django.urls import path

from guatu.web.connection import views

app_name = "connection"
urlpatterns = [
    path("", views.connections, name="list"),
    path("ask/", views.ask, name="ask"),
    path("example.json", views.example, name="example"),
    path("<int:connection_id>/", views.detail, name="detail"),
    path("<int:connection_id>/mend/", views.mend, name="mend"),
    path("<int:connection_id>/key/", views.issue_key, name="issue-key"),
    path("<int:connection_id>/key/<int:key_id>/revoke/", views.revoke_key, name="revoke-key"),
    path("<int:connection_id>/do/<slug:deed>/", views.act, name="act"),
]
