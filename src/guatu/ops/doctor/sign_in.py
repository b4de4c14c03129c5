"""Whether the door is safe: TLS, DEBUG, the demo's passwords, administrators' second factors."""

import ipaddress
from collections.abc import Iterator

from guatu.ops.demo_accounts import ACCOUNTS, PASSWORD
from guatu.ops.doctor.told import Told, bad, good, remark
from guatu.ops.house import House

POWERS = ("administrator", "security_administrator", "auditor")


def sign_in(house: House) -> Iterator[Told]:
    """What makes signing in unsafe; the database answers and Django is set up."""
    if not (house.home / "secret_key").exists():
        return
    from django.conf import settings  # noqa: PLC0415  stands only after Django's set-up
    from django.db import DatabaseError  # noqa: PLC0415  the same

    found = list(way_in(host=house.host, https=settings.HTTPS, debug=settings.DEBUG))
    if settings.HTTPS and not settings.BEHIND_PROXY:
        found.append(no_proxy())
    is_open = settings.HTTPS or not _is_loopback(house.host)
    try:
        found += demo_passwords(is_open=is_open)
        if is_open:
            found += second_factors()
    except DatabaseError:
        return  # tables of another version or none: the check of the database has said so
    yield from found or [good("登录方式安全", "signing in is safe")]


def way_in(*, host: str, https: bool, debug: bool) -> Iterator[Told]:
    """How pages are reached.

    Args:
        host: the address they listen on.
        https: whether a proxy ends TLS before them.
        debug: whether errors show the program's inside.
    """
    if debug and (https or not _is_loopback(host)):
        yield bad(
            ("GUATU_DEBUG 已打开，出错页面会泄露内部信息", "GUATU_DEBUG is on: errors show all"),
            ("请取消 GUATU_DEBUG 后重启", "Unset GUATU_DEBUG and start again"),
        )
    if not https and not _is_loopback(host):
        yield remark(
            (
                f"网页经明文 http 在 {host} 上提供，密码可被窃听",
                f"pages are on {host} by plain http: passwords can be overheard",
            ),
            (
                "请在前面设置 TLS 代理，并设置 GUATU_HTTPS=1、GUATU_PROXY=1",
                "Put a proxy with TLS before it, and set GUATU_HTTPS=1, GUATU_PROXY=1",
            ),
        )


def no_proxy() -> Told:
    """TLS is said to end before the pages, and they are not told to believe who ends it."""
    return bad(
        (
            "设置了 GUATU_HTTPS 而未设置 GUATU_PROXY：不发送 HSTS，表单会被拒绝",
            "GUATU_HTTPS without GUATU_PROXY: no HSTS is sent, and forms are refused",
        ),
        (
            "请设置 GUATU_PROXY=1，代理须自行写入 X-Forwarded-Proto 和 X-Forwarded-For",
            "Set GUATU_PROXY=1; the proxy must write X-Forwarded-Proto and X-Forwarded-For itself",
        ),
    )


def demo_passwords(*, is_open: bool) -> Iterator[Told]:
    """Accounts that still have the demo's password, which everybody can read.

    Args:
        is_open: whether others than this machine reach the pages; else it is a demo's own affair.
    """
    from guatu.web.people.models import User  # noqa: PLC0415  after Django's set-up

    if not is_open:
        return
    names = [account.username for account in ACCOUNTS]
    users = User.objects.filter(username__in=names, is_active=True)
    known = [user.username for user in users if user.check_password(PASSWORD)]
    if known:
        listed = "、".join(known), ", ".join(known)
        yield bad(
            (
                f"以下账号仍使用公开的演示密码：{listed[0]}",
                f"accounts with the demo's password, which is public: {listed[1]}",
            ),
            ("请停用这些账号或修改密码", "Disable these accounts or change the passwords"),
        )


def second_factors() -> Iterator[Told]:
    """Administrators without a second factor."""
    from django.utils import timezone  # noqa: PLC0415  after Django's set-up

    from guatu.web.people.models import User, current_grants  # noqa: PLC0415  the same

    holding = current_grants(timezone.now(), through="grants__")
    users = User.objects.filter(
        holding, is_active=True, grants__role__in=POWERS, second_factor=None
    ).distinct()
    if names := list(users.values_list("username", flat=True)):
        yield remark(
            (
                f"以下管理员未启用双因素认证：{'、'.join(names)}",
                f"administrators without a second factor: {', '.join(names)}",
            ),
            (
                "请其在“我的账号”中启用；GUATU_SECOND_FACTOR_ROLES 可强制要求",
                "They add one under My account; GUATU_SECOND_FACTOR_ROLES makes it a duty",
            ),
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
