"""The interface of the house for programs, /api/v1: each app brings its own routes.

Nothing here is signed in by cookie: a program shows a token in each request, so no page elsewhere
can make a browser act. What cannot be done is answered by a `Problem`, in the words of the pages.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from guatu.access.problems import RefusedError as ConfigurationRefusedError
from guatu.web.monitoring import api as monitoring
from guatu.web.monitoring.errors import (
    AlreadyAcknowledgedError,
    LimitRefusedError,
    RefusedDeedError,
    UnreachableError,
)
from guatu.web.monitoring.wording import problem as monitoring_problem
from guatu.web.people import api as people
from guatu.web.people.once import OtherRequestError
from guatu.web.shell.api import FieldProblem, Problem
from guatu.web.warnings import api as warnings
from guatu.web.warnings.errors import RefusedError
from guatu.web.warnings.wording import refused


class _Api(NinjaAPI):
    def create_response(self, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401 - the library's
        response = super().create_response(*args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response


api = _Api(
    title="Guatu 挂图",
    version="1",
    description="See docs/api.md. Moments are ISO 8601 with an offset; ids are whole numbers.",
    docs_url=None,
    urls_namespace="api",
    openapi_extra={"info": {"license": {"name": "Apache-2.0"}}},
)


def _known_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a filter that is not known: passed over, it would widen what was asked for."""

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any operation
        match = request.resolver_match
        known = _filters()[match.route if match else "", request.method or ""]
        unknown = sorted(request.GET.keys() - known)
        if unknown:
            said = _("There is no such filter; look for a slip of the pen.")
            return _invalid(request, [(f"query.{name}", said) for name in unknown])
        return view(request, *args, **kwargs)

    return asked


@cache
def _filters() -> Mapping[tuple[str, str], frozenset[str]]:
    """The names of each operation's filters, by route and method, as the description has them."""
    return {
        (re.sub(r"{(\w+)}", r"<\1>", path.removeprefix("/")), method.upper()): frozenset(
            one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"
        )
        for path, operations in api.get_openapi_schema()["paths"].items()
        for method, operation in operations.items()
    }


api.add_decorator(_known_only)
api.add_router("", people.router)
api.add_router("/warnings", warnings.router)
api.add_router("/plants", monitoring.router)
api.add_router("/readings", monitoring.readings)


def _answer(
    request: HttpRequest,
    status: int,
    kind: str,
    detail: str,
    errors: Iterable[tuple[str, str]] = (),
) -> HttpResponse:
    told = Problem(
        type=kind,
        status=status,
        detail=detail,
        errors=[FieldProblem(where=where, detail=said) for where, said in errors],
    )
    return api.create_response(request, told, status=status)


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    said = _("No token, or one that is not known, has ended or whose account is closed.")
    response = _answer(request, 401, "unauthorized", said)
    response["WWW-Authenticate"] = 'Bearer realm="guatu"'
    return response


@api.exception_handler(people.ScopeMissingError)
def _scope(request: HttpRequest, error: people.ScopeMissingError) -> HttpResponse:
    said = _("This token does not open “%(scope)s”. Make one that does.")
    return _answer(request, 403, "scope_missing", said % {"scope": error.scope.value})


@api.exception_handler(PermissionDenied)
def _denied(request: HttpRequest, _error: PermissionDenied) -> HttpResponse:
    return _answer(request, 403, "forbidden", _("This is not yours to do."))


@api.exception_handler(Http404)
def _not_there(request: HttpRequest, _error: Http404) -> HttpResponse:
    return _answer(request, 404, "not_found", _("There is nothing here that you may see."))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    said = _("The request cannot be read: its body must be JSON in UTF-8.")
    return _answer(request, error.status_code, "unreadable", said)


@api.exception_handler(RefusedError)
def _refused(request: HttpRequest, error: RefusedError) -> HttpResponse:
    return _answer(request, 409, error.code, refused(error))


@api.exception_handler(OtherRequestError)
def _other(request: HttpRequest, _error: OtherRequestError) -> HttpResponse:
    said = _("This Idempotency-Key was used for another request: each change needs one of its own.")
    return _answer(request, 409, "key_used", said)


@api.exception_handler(AlreadyAcknowledgedError)
def _acknowledged(request: HttpRequest, _error: AlreadyAcknowledgedError) -> HttpResponse:
    said = _("Somebody has acknowledged this alarm already.")
    return _answer(request, 409, "already_acknowledged", said)


@api.exception_handler(UnreachableError)
def _away(request: HttpRequest, _error: UnreachableError) -> HttpResponse:
    said = _("The engine does not answer now. Ask again in a minute.")
    response = _answer(request, 503, "engine_away", said)
    response["Retry-After"] = "60"
    return response


@api.exception_handler(ConfigurationRefusedError)
def _configuration(request: HttpRequest, _error: ConfigurationRefusedError) -> HttpResponse:
    said = _("The engine would not take this configuration.")
    return _answer(request, 409, "configuration_refused", said)


@api.exception_handler(warnings.FormRefusedError)
def _form(request: HttpRequest, error: warnings.FormRefusedError) -> HttpResponse:
    errors = [(f"body.{name}", said) for name, found in error.errors.items() for said in found]
    return _invalid(request, errors)


@api.exception_handler(RefusedDeedError)
@api.exception_handler(LimitRefusedError)
def _deed(request: HttpRequest, error: RefusedDeedError | LimitRefusedError) -> HttpResponse:
    return _invalid(request, [(told.where, monitoring_problem(told)) for told in error.problems])


@api.exception_handler(ValidationError)
def _invalid_given(request: HttpRequest, error: ValidationError) -> HttpResponse:
    return _invalid(request, [(_place(one["loc"]), _said(one)) for one in error.errors])


def _invalid(request: HttpRequest, errors: list[tuple[str, str]]) -> HttpResponse:
    return _answer(request, 422, "invalid", _("What was sent cannot be taken."), errors)


def _place(loc: Iterable[object]) -> str:
    # The name of the function's argument stands between body and field; a program knows it not.
    return ".".join(str(part) for part in loc if part != "given")


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "missing": lambda _f: _("This is missing."),
    "extra_forbidden": lambda _f: _("There is no such field; look for a slip of the pen."),
    "enum": lambda f: _("This must be one of %(expected)s.") % f,
    "literal_error": lambda f: _("This must be one of %(expected)s.") % f,
    "string_too_long": lambda f: _("At most %(max_length)s characters.") % f,
    "string_too_short": lambda f: _("At least %(min_length)s characters.") % f,
    "string_type": lambda _f: _("This must be a text."),
    "string_pattern_mismatch": lambda f: _("This must look like %(pattern)s.") % f,
    "int_type": lambda _f: _("This must be a whole number."),
    "int_parsing": lambda _f: _("This must be a whole number."),
    "int_from_float": lambda _f: _("This must be a whole number."),
    "int_parsing_size": lambda _f: _("This number is too large."),
    "greater_than_equal": lambda f: _("At least %(ge)s.") % f,
    "less_than_equal": lambda f: _("At most %(le)s.") % f,
    "bool_parsing": lambda _f: _("This must be true or false."),
    "list_type": lambda _f: _("This must be a list."),
    "too_long": lambda f: _("At most %(max_length)s of these.") % f,
    "too_short": lambda f: _("At least %(min_length)s of these.") % f,
    "timezone_aware": lambda _f: _("A moment needs its offset, such as 2026-11-24T08:00:00+08:00."),
    "datetime_from_date_parsing": lambda _f: _(
        "This is no moment; write it like 2026-11-24T08:00:00+08:00."
    ),
    "datetime_parsing": lambda _f: _("This is no moment; write it like 2026-11-24T08:00:00+08:00."),
    "moment_written": lambda _f: _("This is no moment; write it like 2026-11-24T08:00:00+08:00."),
    "moment_far": lambda _f: _("A moment lies between the years 1970 and 2200 here."),
    "region_code": lambda _f: _("This is no division's code of GB/T 2260."),
}


def _said(one: dict[str, Any]) -> str:
    sentence = _SENTENCES.get(str(one["type"]))
    return sentence(one.get("ctx", {})) if sentence else str(one["msg"])


def _open(urls: Any) -> Any:  # noqa: ANN401 - the library's
    """Leave strangers to the tokens' own door: a program is answered 401, not led to a form."""
    for pattern in urls[0]:
        pattern.callback.login_required = False
    return urls


urls = _open(api.urls)
