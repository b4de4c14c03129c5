"""`guatu user`: accounts and grants from the machine itself, as the installation's own deed."""

import argparse
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from guatu.ops.errors import OperatorError
from guatu.ops.house import House
from guatu.ops.serve import open_house
from guatu.ops.words import language, say

if TYPE_CHECKING:
    from guatu.web.people.models import Grant, Organisation, Role, User
    from guatu.web.regions.models import Region

FIRST = (
    ("admin", "系统管理员", "administrator"),
    ("security", "安全管理员", "security_administrator"),
    ("auditor", "审计员", "auditor"),
)
"""Account, name and role of the three that an empty house begins with."""


def act(options: argparse.Namespace, house: House) -> int:
    """Do what `guatu user` was asked for.

    Args:
        options: the words of the call.
        house: the installation.

    Returns:
        0; what cannot be done is said by an error.

    Raises:
        OperatorError: if there is no installation, or what was asked for does not hold.
    """
    open_house(house)
    from django.core.exceptions import ValidationError  # noqa: PLC0415  after Django's set-up
    from django.utils import translation  # noqa: PLC0415  the same

    with translation.override("en" if language() == "en" else "zh-hans"):
        try:
            _DEEDS[options.deed](options)
        except ValidationError as error:
            raise OperatorError(" ".join(error.messages)) from error
    return 0


def _list(_: argparse.Namespace) -> None:
    from guatu.web.people.models import User  # noqa: PLC0415  after Django's set-up

    for user in User.objects.prefetch_related("grants").order_by("username"):
        held = "; ".join(
            f"{grant.role} {grant.organisation or grant.region_id}"
            for grant in user.current_grants()
        )
        mark = "" if user.is_active else say("（已停用）", " (closed)", separator="")
        print(f"{user.username:<20} {user.get_full_name()}{mark}  {user.organisation}  {held}")


def _first(options: argparse.Namespace) -> None:
    from django.db import transaction  # noqa: PLC0415  after Django's set-up
    from django.utils import timezone  # noqa: PLC0415  the same

    from guatu.web.people.actions import create_organisation, grant_role  # noqa: PLC0415
    from guatu.web.people.models import Organisation, Role, User  # noqa: PLC0415

    if User.objects.exists():
        raise OperatorError(
            say(
                "系统中已有账号，请用 guatu user add 和 grant。",
                "There are accounts already: use guatu user add and grant.",
            )
        )
    at, region = timezone.now(), _region(options.region)
    made: list[tuple[str, str]] = []
    with transaction.atomic():
        bureau = create_organisation(
            name=options.organisation,
            kind=Organisation.Kind.BUREAU,
            region=region,
            parent=None,
            by=None,
            at=at,
        )
        for username, name, role in FIRST:
            user, password = _account(username, name, bureau)
            grant_role(user, Role(role), region, why="guatu user first", by=None, at=at)
            made.append((username, password))
    for username, password in made:
        _tell(username, password)


def _add(options: argparse.Namespace) -> None:
    user, password = _account(
        options.username, options.name, _organisation(options.organisation), options.phone
    )
    _tell(user.username, password)
    print(say("此账号尚无权限：guatu user grant", "It may nothing yet: guatu user grant"))


def _account(
    username: str, name: str, organisation: "Organisation", phone: str = ""
) -> "tuple[User, str]":
    """Make an account whose password must be changed at the first sign-in."""
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.actions import create_user, reset_password  # noqa: PLC0415

    at, password = timezone.now(), _password()
    user = create_user(
        username=username,
        password=_password(),
        name=name,
        organisation=organisation,
        by=None,
        at=at,
        phone=phone,
    )
    return reset_password(user.pk, password=password, by=None, at=at), password


def _grant(options: argparse.Namespace) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.actions import grant_role  # noqa: PLC0415

    made = grant_role(
        user_named(options.username),
        _role(options.role),
        _scope(options),
        why=options.why,
        by=None,
        at=timezone.now(),
    )
    print(say(f"已授权：{made}", f"Granted: {made}"))


def _revoke(options: argparse.Namespace) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.actions import end_grant  # noqa: PLC0415

    user, role, scope = user_named(options.username), _role(options.role), _scope(options)
    held: list[Grant] = [
        grant
        for grant in user.current_grants()
        if grant.role == role and scope in (grant.organisation, grant.region)
    ]
    if not held:
        raise OperatorError(say("没有这项授权。", "There is no such grant."))
    heir = user_named(options.heir) if options.heir else None
    end_grant(held[0].pk, why=options.why, heir=heir, by=None, at=timezone.now())
    print(say(f"已收回：{held[0]}", f"Ended: {held[0]}"))


def _disable(options: argparse.Namespace) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.actions import close_account  # noqa: PLC0415

    heir = user_named(options.heir) if options.heir else None
    user = user_named(options.username)
    close_account(user.pk, why=options.why, heir=heir, by=None, at=timezone.now())
    print(say(f"已停用：{user.username}", f"Closed: {user.username}"))


def _reset(options: argparse.Namespace) -> None:
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.actions import reset_password  # noqa: PLC0415

    password = _password()
    user = reset_password(
        user_named(options.username).pk, password=password, by=None, at=timezone.now()
    )
    _tell(user.username, password)


def _password() -> str:
    return secrets.token_urlsafe(12)


def _tell(username: str, password: str) -> None:
    once = say("只显示这一次，首次登录须修改", "shown this once; changed at the first sign-in")
    print(f"{username}  {password}  ({once})")


def user_named(username: str) -> "User":
    """Find an account.

    Raises:
        OperatorError: if there is none.
    """
    from guatu.web.people.models import User  # noqa: PLC0415  after Django's set-up

    found = User.objects.filter(username=username).first()
    if found is None:
        raise OperatorError(say(f"没有账号 {username}。", f"There is no account {username}."))
    return found


def _organisation(name: str) -> "Organisation":
    from guatu.web.people.models import Organisation  # noqa: PLC0415  after Django's set-up

    found = Organisation.objects.filter(name=name).first()
    if found is None:
        raise OperatorError(
            say(
                f"没有机构“{name}”，请写全称。",
                f"There is no organisation {name}; write it in full.",
            )
        )
    return found


def _region(code: str) -> "Region":
    from guatu.web.regions.models import Region  # noqa: PLC0415  after Django's set-up

    found = Region.objects.filter(pk=code, retired_at=None).first()
    if found is None:
        raise OperatorError(
            say(
                f"没有行政区划代码 {code}，例如 530000。",
                f"No region has the code {code}: try 530000.",
            )
        )
    return found


def _scope(options: argparse.Namespace) -> "Organisation | Region":
    if options.organisation:
        return _organisation(options.organisation)
    return _region(options.region)


def _role(code: str) -> "Role":
    from guatu.web.people.models import Role  # noqa: PLC0415  after Django's set-up

    if code not in Role.values:
        known = ", ".join(Role.values)
        raise OperatorError(say(f"角色代码应为：{known}", f"A role is one of: {known}"))
    return Role(code)


_DEEDS: dict[str, Callable[[argparse.Namespace], None]] = {
    "list": _list,
    "first": _first,
    "add": _add,
    "grant": _grant,
    "revoke": _revoke,
    "disable": _disable,
    "reset-password": _reset,
}
