"""The addresses of the web: each app brings its own."""

from django.urls import URLPattern, URLResolver, include, path

from guatu.web import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("guatu.web.shell.urls")),
    path("", include("guatu.web.people.urls")),
    path("", include("guatu.web.notices.urls")),
    path("warnings/", include("guatu.web.warnings.urls")),
    path("plants/", include("guatu.web.monitoring.urls")),
    path("quality/", include("guatu.web.quality.urls")),
    path("connections/", include("guatu.web.connection.urls")),
    path("audit/", include("guatu.web.audit.urls")),
    path("imports/", include("guatu.web.imports.urls")),
    path("operations/", include("guatu.web.operations.urls")),
    path("api/v1/", api.urls),
    path("", include("guatu.web.wall.urls")),
]

handler400 = "guatu.web.shell.views.bad_request"
handler403 = "guatu.web.shell.views.permission_denied"
handler404 = "guatu.web.shell.views.page_not_found"
handler500 = "guatu.web.shell.views.server_error"
