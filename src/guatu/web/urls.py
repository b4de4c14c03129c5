"""The addresses of the web: each app brings its own."""

from importlib.util import find_spec

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("guatu.web.shell.urls")),
    path("", include("guatu.web.people.urls")),
]

urlpatterns += [
    path(route, include(f"guatu.web.{app}.urls"))
    for app, route in {
        "wall": "",
        "regions": "",
        "warnings": "warnings/",
        "monitoring": "plants/",
    }.items()
    if apps.is_installed(f"guatu.web.{app}")
    and find_spec(f"guatu.web.{app}")
    and find_spec(f"guatu.web.{app}.urls")
]

handler400 = "guatu.web.shell.views.bad_request"
handler403 = "guatu.web.shell.views.permission_denied"
handler404 = "guatu.web.shell.views.page_not_found"
handler500 = "guatu.web.shell.views.server_error"
