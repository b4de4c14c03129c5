"""Addresses of notices."""

from django.urls import path

from guatu.web.notices import hook_views, views

app_name = "notices"
urlpatterns = [
    path("notices/", views.listed, name="list"),
    path("notices/bell/", views.bell, name="bell"),
    path("notices/count/", views.count, name="count"),
    path("notices/read/", views.read_all, name="read"),
    path("notices/<int:message_id>/", views.opened, name="open"),
    path("account/notices/", views.preferences, name="preferences"),
    path("notices/deliveries/", hook_views.deliveries, name="deliveries"),
    path("notices/deliveries/<int:delivery_id>/again/", hook_views.again, name="again"),
    path("notices/hooks/", hook_views.hooks, name="hooks"),
    path("notices/hooks/add/", hook_views.add, name="add-hook"),
    path("notices/hooks/<int:hook_id>/", hook_views.hook, name="hook"),
    path("notices/hooks/<int:hook_id>/try/", hook_views.trial, name="try-hook"),
    path("notices/hooks/<int:hook_id>/end/", hook_views.end, name="end-hook"),
]
