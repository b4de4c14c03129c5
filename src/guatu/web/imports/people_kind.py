"""Accounts from a table: who works where. What they may do, is granted on their pages."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guatu.web.imports import wording
from guatu.web.imports.fields import Field, code, text
from guatu.web.imports.judging import CHANGED, NEW, SAME, Row, tell_doubled
from guatu.web.imports.kinds import Kind, Target
from guatu.web.people import permission
from guatu.web.people.actions import close_account, create_user, edit_user
from guatu.web.people.models import Organisation, User
from guatu.web.people.queries import users_visible_to, visible_to

FIELDS = ("name", "organisation", "phone")


class People(Kind):
    """Accounts: new ones get a password that is shown once."""

    code: ClassVar[str] = "people"
    label: ClassVar[str | Promise] = gettext_lazy("People")
    # Each new account's password is hashed, which takes its time by design.
    most_rows: ClassVar[int] = 200

    @cached_property
    def fields(self) -> Sequence[Field]:
        """Account, name, organisation, telephone."""
        return (
            Field(
                name="username",
                label=gettext_lazy("Account"),
                names=("账号", "登录名", "用户名", "username", "account"),
                read=code(150),
                required=True,
                help=gettext_lazy("The sign-in name: letters and digits; it stays as it is."),
            ),
            Field(
                name="name",
                label=gettext_lazy("Name"),
                names=("姓名", "name"),
                read=text(60),
                help=gettext_lazy("The person's name; needed for a new account."),
            ),
            Field(
                name="organisation",
                label=gettext_lazy("Works at"),
                names=("工作单位", "所在机构", "机构", "单位", "organisation", "organization"),
                read=text(120),
                help=gettext_lazy("The organisation's name in full; needed for a new account."),
            ),
            Field(
                name="phone",
                label=gettext_lazy("Telephone"),
                names=("电话", "手机", "联系电话", "phone"),
                read=text(40),
            ),
        )

    def target(self, number: int | None, user: User) -> None:
        """About all people."""
        if not permission.may(user, "people.create_user"):
            raise PermissionDenied("people.create_user")

    def about(self, target: Target) -> str:  # noqa: D102 - see Kind
        return ""

    def url(self, target: Target) -> str:  # noqa: D102 - see Kind
        return reverse("people:people")

    def judge(self, rows: Sequence[Row], target: Target, *, user: User, at: datetime) -> None:  # noqa: D102 - see Kind
        names = {row.values.get("username", "") for row in rows}
        there = {
            one.username: one
            for one in User.objects.filter(username__in=names).select_related("organisation")
        }
        seen = set(users_visible_to(user).filter(username__in=names).values_list("pk", flat=True))
        places = {
            one.name: one
            for one in visible_to(user).filter(
                name__in={row.values.get("organisation", "") for row in rows}, ended_at=None
            )
        }
        tell_doubled(rows, "username")
        for row in rows:
            self._judge(row, there, seen, places, user)

    def _judge(
        self,
        row: Row,
        there: dict[str, User],
        seen: set[int],
        places: dict[str, Organisation],
        user: User,
    ) -> None:
        row.key = row.values.get("username", "") or row.cells.get("username", "")
        if not row.key:
            row.wrong("missing", "username")
            return
        known, wanted = there.get(row.key), row.values.get("organisation")
        place = places.get(wanted) if wanted else None
        if wanted and place is None:
            row.wrong("no_organisation", "organisation", name=wanted)
        elif place is not None and not permission.may(user, "people.create_user", place):
            row.wrong("not_yours", "organisation")
        if known is None:
            for name in ("name", "organisation"):
                if name not in row.cells:
                    row.wrong("missing", name)
            if place is not None and not row.problems:
                self._check(row, place)
            row.outcome = NEW
            row.changes = [(n, "", row.values[n]) for n in FIELDS if n in row.values]
            return
        if known.pk not in seen or not permission.may(user, "people.edit_user", known):
            row.wrong("taken", "username")
            return
        if not known.is_active:
            row.wrong("closed", "username")
            return
        row.record = known.pk
        row.before = {
            "name": known.name, "organisation": known.organisation_id, "phone": known.phone
        }  # fmt: skip
        now = {"name": known.name, "organisation": known.organisation.name, "phone": known.phone}
        row.changes = [
            (n, now[n], row.values[n])
            for n in FIELDS
            if n in row.values and row.values[n] != now[n]
        ]
        row.outcome = CHANGED if row.changes else SAME

    @staticmethod
    def _check(row: Row, place: Organisation) -> None:
        """What the account itself would refuse, such as a letter in its name."""
        account = User(
            username=row.key,
            name=row.values.get("name", ""),
            organisation=place,
            phone=row.values.get("phone", ""),
        )
        try:
            account.clean_fields(exclude=["password", "organisation"])
        except ValidationError as error:
            for name in error.message_dict:
                row.wrong("field_refused", name if name in FIELDS else "username")

    def apply(  # noqa: D102 - see Kind
        self,
        rows: Sequence[Row],
        target: Target,
        *,
        why: str,
        by: User,
        at: datetime,
    ) -> list[tuple[str, ...]]:
        once: list[tuple[str, ...]] = [(_("Account"), _("Name"), _("Works at"), _("Password"))]
        places = {
            one.name: one
            for one in visible_to(by).filter(
                name__in={row.values.get("organisation", "") for row in rows}, ended_at=None
            )
        }
        for row in rows:
            given = row.values
            if row.outcome == NEW:
                password = secrets.token_urlsafe(12)
                made = create_user(
                    username=row.key,
                    password=password,
                    name=given["name"],
                    organisation=places[given["organisation"]],
                    phone=given.get("phone", ""),
                    by=by,
                    at=at,
                )
                row.record = made.pk
                once.append((row.key, given["name"], given["organisation"], password))
                continue
            user = User.objects.select_related("organisation").get(pk=row.record or 0)
            place = given.get("organisation")
            edit_user(
                user.pk,
                name=given.get("name", user.name),
                organisation=places[place] if place else user.organisation,
                phone=given.get("phone", user.phone),
                by=by,
                at=at,
            )
        return once if len(once) > 1 else []

    def undo(  # noqa: D102 - see Kind
        self,
        rows: Sequence[Row],
        target: Target,
        *,
        by: User,
        at: datetime,
    ) -> list[Row]:
        users = User.objects.select_related("organisation").in_bulk([row.record for row in rows])
        changed = []
        for row in rows:
            user = users.get(row.record)
            now = {
                "name": user.name, "organisation": user.organisation.name, "phone": user.phone
            } if user else {}  # fmt: skip
            if (
                user is None
                or any(now[name] != after for name, _before, after in row.changes)
                or (row.outcome == NEW and (not user.is_active or user.last_login is not None))
            ):
                changed.append(row)
        if changed:
            return changed
        for row in rows:
            user = users[row.record or 0]
            if row.outcome == NEW:
                close_account(user.pk, why=_("The import was undone."), by=by, at=at)
            else:
                before = row.before
                edit_user(
                    user.pk,
                    name=before["name"],
                    organisation=Organisation.objects.get(pk=before["organisation"]),
                    phone=before["phone"],
                    by=by,
                    at=at,
                )
        return []


wording.add(
    {
        "no_organisation": lambda f: (
            _("There is no organisation “%(name)s” that you see: write its name in full.") % f
        ),
        "not_yours": lambda _f: _("This organisation is not yours to change."),
        "taken": lambda _f: _("This account exists and is not yours to change: choose another."),
        "closed": lambda _f: _("This account is closed: open it on the person's page first."),
        "field_refused": lambda _f: _(
            "This cannot be kept: letters, digits and @ . + - _ in an account, no control "
            "characters elsewhere."
        ),
    }
)
