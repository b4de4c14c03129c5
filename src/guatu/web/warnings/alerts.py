"""What calls a user at once on every page: red warnings nobody signed for, and urgings."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from guatu.core.nouns.warning import Level
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import is_htmx
from guatu.web.warnings import actions, queries

_SHOWN = 3


@require_GET
def alerts(request: SignedInRequest) -> HttpResponse:
    """The banner over every page, and the count in its header."""
    return _alerts(request)


@require_POST
def seen(request: SignedInRequest, warning_id: int) -> HttpResponse:
    """Note that the user knows what was asked about a warning."""
    warning = queries.visible_to(request.user).filter(pk=warning_id).first()
    if warning is None:
        raise Http404
    actions.mark_seen(warning, by=request.user, at=timezone.now())
    return _alerts(request) if is_htmx(request) else redirect(warning)


def _alerts(request: SignedInRequest) -> HttpResponse:
    red = queries.unsigned(request.user).filter(level=Level.RED).order_by("-raised_at")
    notices = (
        queries.open_notices(request.user)
        .filter(warning__in=queries.visible_to(request.user).order_by().values("pk"))
        .select_related("warning", "entry")
    )
    context = {
        "red": red[:_SHOWN],
        "red_count": red.count(),
        "notices": notices[:_SHOWN],
        "notice_count": notices.count(),
    }
    return render(request, "warnings/_alerts.html", context)
