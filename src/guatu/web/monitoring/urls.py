"""Addresses below /plants/."""

from django.urls import path

from guatu.web.monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("", views.plants, name="plants"),
    path("stops/", views.all_stops, name="all-stops"),
    path("history/", views.history, name="history"),
    path("history/course.json", views.history_course, name="history-course"),
    path("history/file/", views.history_file, name="history-file"),
    path("<int:plant_id>/", views.plant, name="plant"),
    path("<int:plant_id>/stops/", views.stops, name="stops"),
    path("<int:plant_id>/stops/<int:stop_id>/end/", views.end_stop, name="end-stop"),
    path("<int:plant_id>/trend.json", views.trend, name="trend"),
    path("<int:plant_id>/alarms/", views.alarms, name="alarms"),
    path("<int:plant_id>/alarms/acknowledge/", views.acknowledge_all, name="acknowledge-all"),
    path("<int:plant_id>/alarms/own/", views.own_alarms, name="own-alarms"),
    path(
        "<int:plant_id>/alarms/<int:alarm_id>/acknowledge/", views.acknowledge, name="acknowledge"
    ),
    path("<int:plant_id>/limits/", views.limits, name="limits"),
    path(
        "<int:plant_id>/limits/requests/<int:request_id>/<slug:verb>/",
        views.answer,
        name="answer-limit",
    ),
    path("<int:plant_id>/limits/<int:point_id>/", views.limit_history, name="limit-history"),
    path("<int:plant_id>/limits/<int:point_id>/<slug:slot>/", views.change, name="change-limit"),
]
