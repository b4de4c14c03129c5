"""Every change that people make: read, prefer, look after hooks, try anew."""

import base64
import secrets
from collections.abc import Collection
from datetime import datetime, time
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.core.nouns.warning import Level
from guatu.web.notices import bodies, own
from guatu.web.notices.collecting import gateway_for
from guatu.web.notices.models import Delivery, Hook, Message, Preference
from guatu.web.notices.parcels import PURPOSE, SECRET_MARK
from guatu.web.notices.queries import preference_of
from guatu.web.people import permission
from guatu.web.people.models import Organisation, User
from guatu.web.shell.sealed import seal

_CHANGEABLE = ("name", "url", "template", "from_level")


def mark_read(
    user: User, *, at: datetime, source: str = "", events: Collection[int] | None = None
) -> int:
    """Note that a user has read his messages: all, or those about these events of a source.

    Returns:
        How many he had not read before. Where there are none nothing is written, so a page that
        says this whenever it is opened costs a look and no lock.
    """
    rows = Message.objects.filter(user=user, read_at=None)
    if events is not None:
        rows = rows.filter(source=source, event__in=list(events))
    return rows.update(read_at=at) if rows.exists() else 0


@transaction.atomic
def keep_preference(
    *,
    by: User,
    email_from: int,
    gateway_from: int,
    quiet_from: time | None,
    quiet_until: time | None,
    language: str,
) -> Preference:
    """Keep what a user wants to be told by which way.

    Raises:
        ValidationError: by field, where one is off.
    """
    permission.demand(by, "notices.keep_preference", by)
    User.objects.select_for_update().get(pk=by.pk)
    kept = preference_of(by)
    kept.email_from, kept.gateway_from = email_from, gateway_from
    kept.quiet_from, kept.quiet_until, kept.language = quiet_from, quiet_until, language
    kept.full_clean()
    kept.save()
    return kept


@transaction.atomic
def try_ways(*, by: User, at: datetime) -> list[Delivery]:
    """Send oneself a trial message by the bell and by every way that is set up, now.

    Returns:
        The deliveries; none where there is no way but the bell.
    """
    permission.demand(by, "notices.keep_preference", by)
    message = _trial_message(by, at)
    given = _trial(at) | {"message": message}
    made: list[Delivery] = []
    if settings.EMAIL_HOST and by.email:
        made.append(Delivery.objects.create(**given))
    gateway = gateway_for(by)
    if gateway is not None:
        made.append(Delivery.objects.create(hook=gateway, **given))
    return made


@transaction.atomic
def try_hook(hook_id: int, *, by: User, at: datetime) -> Delivery:
    """Send a trial through a hook; one for people goes to whoever tries it.

    Raises:
        Hook.DoesNotExist: if there is none, or it has ended.
        PermissionDenied: if it is not his to look after.
    """
    hook = _hook(hook_id, by)
    given = _trial(at) | {"hook": hook}
    if hook.audience == Hook.Audience.PEOPLE:
        return Delivery.objects.create(message=_trial_message(by, at), **given)
    body = {"type": "trial", "timestamp": at.isoformat(), "data": {}}
    return Delivery.objects.create(body=body, **given)


def _trial_message(user: User, at: datetime) -> Message:
    return Message.objects.create(user=user, source=own.NAME, event=_number(at), level=0, at=at)


def _trial(at: datetime) -> dict[str, Any]:
    return {
        "source": own.NAME,
        "event": _number(at),
        "level": Level.RED.value,
        "at": at,
        "due_at": at,
    }


def _number(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)


@transaction.atomic
def make_hook(
    *,
    name: str,
    organisation: Organisation,
    audience: str,
    url: str,
    template: str,
    from_level: int,
    by: User,
    at: datetime,
) -> tuple[Hook, str]:
    """Make a hook.

    Returns:
        The hook, and the secret that signs its calls, which nobody can be told again.

    Raises:
        PermissionDenied: if the organisation is not his to administer.
        ValidationError: by field, with code "needed", "address", "template_needed", or those of
            `bodies.TemplateError`.
    """
    permission.demand(by, "notices.keep_hook", organisation)
    secret = SECRET_MARK + base64.b64encode(secrets.token_bytes(32)).decode()
    hook = Hook(
        organisation=organisation,
        audience=audience,
        sealed_secret=seal(secret, purpose=PURPOSE),
        made_at=at,
        made_by=by,
    )
    _fill(hook, {"name": name, "url": url, "template": template, "from_level": from_level})
    hook.save()
    return hook, secret


@transaction.atomic
def change_hook(hook_id: int, *, by: User, **given: Any) -> Hook:  # noqa: ANN401 - columns
    """Change a hook's name, address, template or level; what it raises, `make_hook` says.

    Raises:
        Hook.DoesNotExist: if there is none, or it has ended.
    """
    hook = _hook(hook_id, by)
    _fill(hook, {name: given[name] for name in _CHANGEABLE})
    hook.save(update_fields=list(_CHANGEABLE))
    return hook


def _fill(hook: Hook, given: dict[str, Any]) -> None:
    hook.name = " ".join(plain(str(given["name"])).split())
    hook.url = str(given["url"]).strip()
    hook.template = str(given["template"]).strip()
    hook.from_level = given["from_level"]
    if not hook.name:
        raise ValidationError({"name": ValidationError("", code="needed")})
    _demand_address(hook.url)
    if hook.template:
        try:
            bodies.check(hook.template)
        except bodies.TemplateError as error:
            raise ValidationError(
                {"template": ValidationError("", code=error.code, params=error.facts)}
            ) from error
    elif hook.audience == Hook.Audience.PEOPLE:
        raise ValidationError({"template": ValidationError("", code="template_needed")})


def _demand_address(text: str) -> None:
    """Demand an address that can be called; whether it may be is looked at when it is called."""
    try:
        urlsplit(text)  # finds a broken address in brackets, which httpx lets pass
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise ValidationError({"url": ValidationError("", code="address")})


@transaction.atomic
def end_hook(hook_id: int, *, why: str, by: User, at: datetime) -> Hook:
    """End a hook: nothing goes through it any more, what waited is given up.

    Raises:
        Hook.DoesNotExist: if there is none, or it has ended.
        PermissionDenied: if it is not his to look after.
        ValidationError: with code "reason" without one.
    """
    hook = _hook(hook_id, by)
    why = plain(why)
    if not why:
        raise ValidationError("", code="reason")
    hook.ended_at, hook.ended_by, hook.ended_why = at, by, why[:200]
    hook.save(update_fields=["ended_at", "ended_by", "ended_why"])
    waiting = Delivery.objects.filter(hook=hook, state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.DROPPED, ended_at=at)
    return hook


def _hook(hook_id: int, by: User) -> Hook:
    rows = Hook.objects.select_for_update(of=("self",)).select_related("organisation")
    hook = rows.get(pk=hook_id, ended_at=None)
    permission.demand(by, "notices.keep_hook", hook.organisation)
    return hook


@transaction.atomic
def try_again(delivery_id: int, *, by: User, at: datetime) -> Delivery:
    """Send once more what was given up.

    Raises:
        Delivery.DoesNotExist: if there is none that was given up, or its hook has ended.
        PermissionDenied: if it is not his to look after.
    """
    rows = Delivery.objects.select_for_update(of=("self",)).select_related(
        "hook__organisation", "message__user__organisation"
    )
    delivery = rows.exclude(hook__ended_at__isnull=False).get(
        pk=delivery_id, state=Delivery.State.FAILED
    )
    through = delivery.hook.organisation if delivery.hook is not None else None
    whose = delivery.message.user if delivery.message is not None else through
    if through is None or not permission.may(by, "notices.keep_hook", through):
        permission.demand(by, "notices.keep_hook", whose)
    delivery.state, delivery.tries, delivery.due_at = Delivery.State.WAITING, 0, at
    delivery.ended_at = None
    delivery.save(update_fields=["state", "tries", "due_at", "ended_at"])
    return delivery
