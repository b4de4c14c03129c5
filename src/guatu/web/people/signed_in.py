"""Everything needs someone signed in; what does not says so at its view (`login_not_required`)."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import resolve_url

from guatu.web.people.models import User


class SignedInRequest(HttpRequest):
    """A request whose user is known: the type that views take, so mypy sees who acts."""

    user: User


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Sends strangers to the sign-in page, and the whole page when only a part was asked for."""

    def handle_no_permission(  # type: ignore[override]
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        """Answer a stranger. A fragment for htmx must not become a sign-in page inside a page."""
        login_url = resolve_url(self.get_login_url(view_func))
        if request.headers.get("HX-Request") == "true":
            here = request.headers.get("HX-Current-URL", "/")
            answer = redirect_to_login(_path_of(here), login_url)
            response = HttpResponse(status=401)
            response["HX-Redirect"] = answer.url
            return response
        return redirect_to_login(request.get_full_path(), login_url)


def _path_of(url: str) -> str:
    """The path and query of a page's address: where to come back to, never another host."""
    _, _, rest = url.partition("://")
    _, slash, path = rest.partition("/")
    return slash + path if slash else "/"
