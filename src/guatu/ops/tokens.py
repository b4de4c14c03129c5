"""`guatu token`: tokens of the API from the machine itself, as the installation's own deed."""

import argparse
from collections.abc import Callable
from datetime import timedelta

from guatu.ops.errors import OperatorError
from guatu.ops.house import House
from guatu.ops.serve import open_house
from guatu.ops.words import language, say


def act(options: argparse.Namespace, house: House) -> int:
    """Do what `guatu token` was asked for.

    Args:
        options: the words of the call.
        house: the installation.

    Returns:
        0; what cannot be done is said by an error.

    Raises:
        OperatorError: if there is no installation, or what was asked for does not hold.
    """
    open_house(house)
    from django.utils import translation  # noqa: PLC0415  after Django's set-up

    with translation.override("en" if language() == "en" else "zh-hans"):
        _DEEDS[options.deed](options)
    return 0


def _list(options: argparse.Namespace) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.models import ApiToken  # noqa: PLC0415  the same

    now = timezone.now()
    rows = ApiToken.objects.select_related("user").order_by("user__username", "pk")
    if not options.all:
        rows = rows.filter(ended_at=None, expires_at__gt=now)
    for one in rows:
        used = f"{timezone.localtime(one.last_used_at):%Y-%m-%d %H:%M}" if one.last_used_at else "-"
        ends = f"{timezone.localtime(one.expires_at):%Y-%m-%d}"
        mark = "" if one.holds_at(now) else say("（已失效）", " (over)", separator="")
        told = f"{say('到期', 'ends')} {ends}  {say('最近使用', 'used')} {used}"
        about = f"{one.user.username:<20} {one.name}{mark}  {','.join(one.scopes)}"
        print(f"{one.pk:>5}  {one.prefix}…  {about}  {told}")


def _make(options: argparse.Namespace) -> None:
    from django.core.exceptions import ValidationError  # noqa: PLC0415  after Django's set-up
    from django.utils import timezone  # noqa: PLC0415  the same

    from guatu.ops.users import user_named  # noqa: PLC0415
    from guatu.web.people import tokens  # noqa: PLC0415
    from guatu.web.people.token_views import refused  # noqa: PLC0415

    at = timezone.now()
    try:
        _, text = tokens.make_token(
            user_named(options.username),
            name=options.name,
            scopes=options.scope,
            expires_at=at + timedelta(days=options.days),
            by=None,
            at=at,
        )
    except ValidationError as error:
        raise OperatorError(refused(error)[1]) from error
    print(f"{text}  ({say('只显示这一次', 'shown this once')})")


def _end(options: argparse.Namespace) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people import tokens  # noqa: PLC0415  the same
    from guatu.web.people.models import ApiToken  # noqa: PLC0415

    try:
        ended = tokens.end_token(options.number, by=None, at=timezone.now(), why=options.why)
    except ApiToken.DoesNotExist as error:
        raise OperatorError(
            say(
                f"没有仍有效的令牌 {options.number}，请用 guatu token list 查看。",
                f"There is no open token {options.number}: see guatu token list.",
            )
        ) from error
    print(say(f"已停用：{ended}", f"Ended: {ended}"))


_DEEDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "list": _list,
    "make": _make,
    "end": _end,
}
