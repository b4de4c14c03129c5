"""The content policy of each request's host, and the language that the reader chose."""

from contextlib import suppress

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation

from guatu.web.shell import live


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
    """

    def process_request(self, request: HttpRequest) -> None:
        """Take the language from the cookie of the switch."""
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
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
