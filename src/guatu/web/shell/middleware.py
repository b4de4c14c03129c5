"""The content policy of each request's host, and the language that the reader chose."""

import json
from collections.abc import Callable
from contextlib import suppress

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from guatu.web.shell import live
from guatu.web.shell.requests import is_htmx

API = "/api/"


class ContentPolicyMiddleware(CSPMiddleware):
    """django-csp's policy, with the live process of this request's host to connect to."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 - the library's signature
    ) -> PolicyParts:
        """The settings' policy and one origin more."""
        parts = super().get_policy_parts(request, response, report_only)
        # Under a host that is not ours the answer is an error page, which listens to nothing.
        with suppress(DisallowedHost):
            parts.update = {**(parts.update or {}), "connect-src": [live.origin(request)]}
        return parts


class ChosenLanguageMiddleware(LocaleMiddleware):
    """Chinese unless the reader chose otherwise by the switch.

    A browser's Accept-Language is not a choice: control rooms run browsers as they were delivered.
    A program's is, for it has no switch.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Take the language from the cookie of the switch, or from a program's header."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if request.path.startswith(API):
            chosen = request.headers.get("Accept-Language", "").partition("-")[0].strip().lower()
        known = {code for code, _name in settings.LANGUAGES}
        translation.activate(chosen if chosen in known else settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE

    def process_response(
        self,
        request: HttpRequest,  # noqa: ARG002 - Django's signature
        response: HttpResponseBase,
    ) -> HttpResponseBase:
        """Tell the language, and that the answer depends on the cookie, not on the header."""
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


class FragmentMessagesMiddleware:
    """Carries messages with a fragment: htmx raises them as an event, shell.js shows them.

    Without this, what an action says would wait for the next full page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, with the messages in a header where a fragment was asked for."""
        response = self.get_response(request)
        leaves = "HX-Redirect" in response or 300 <= response.status_code < 400
        if not is_htmx(request) or leaves or "HX-Trigger" in response:
            return response
        told = [{"level": m.level_tag, "text": str(m)} for m in messages.get_messages(request)]
        if told:
            response["HX-Trigger"] = json.dumps({"guatu:messages": {"messages": told}})
        return response
