"""Organisations, the people in them, and what was granted to whom.

History and its triggers join here with their own work.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from guatu.web.people.contact_models import DutyContact
from guatu.web.people.sign_in_models import OpenSession, PasswordSet, RecoveryCode, SecondFactor
from guatu.web.people.token_models import ApiToken, KeptAnswer, Scope
from guatu.web.shell.recorded import RecordedManager, RecordedQuerySet

__all__ = [
    "BUSINESS",
    "OF_AN_ORGANISATION",
    "POWERS",
    "SITES",
    "ApiToken",
    "DutyContact",
    "Grant",
    "GrantManager",
    "GrantQuerySet",
    "KeptAnswer",
    "OpenSession",
    "Organisation",
    "PasswordSet",
    "PeopleManager",
    "RecoveryCode",
    "Role",
    "Scope",
    "SecondFactor",
    "SignInEvent",
    "User",
    "current_grants",
]


class Role(models.TextChoices):
    """What someone does; every verb names its roles in people/verbs.py and its kin.

    The first three are the powers that GB/T 22239 (等级保护) keeps apart: who makes accounts does
    not say what they may, who says it does not make them, and who reads the record changes nothing.
    """

    ADMINISTRATOR = "administrator", _("System administrator")
    SECURITY_ADMINISTRATOR = "security_administrator", _("Security administrator")
    AUDITOR = "auditor", _("Auditor")
    DUTY_OFFICER = "duty_officer", _("Duty officer")
    SUPERVISOR = "supervisor", _("Supervisor")
    DISPATCHER = "dispatcher", _("Dispatcher")
    RESPONSIBLE_UNIT = "responsible_unit", _("Responsible unit")
    PLANT_SAFETY_OFFICER = "plant_safety_officer", _("Plant safety officer")
    ENTERPRISE = "enterprise", _("Enterprise")
    VIEWER = "viewer", _("Viewer")


POWERS = frozenset({Role.ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR, Role.AUDITOR})
"""Kept apart from one another and from all business; their holders see no business record."""
BUSINESS = frozenset(set(Role) - POWERS)
OF_AN_ORGANISATION = frozenset({Role.PLANT_SAFETY_OFFICER, Role.ENTERPRISE, Role.RESPONSIBLE_UNIT})
"""Held at an organisation, never over a region: their holders speak for it."""


class Organisation(models.Model):
    """A bureau, a supervision office, a plant: whoever owns duties."""

    class Kind(models.TextChoices):
        """What an organisation is."""

        GOVERNMENT_OFFICE = "government_office", _("Government office")
        BUREAU = "bureau", _("Emergency management bureau")
        SUPERVISION_OFFICE = "supervision_office", _("Supervision office")
        COMMAND_POST = "command_post", _("Command post")
        TASK_FORCE = "task_force", _("Task force")
        PARK = "park", _("Park")
        PLANT = "plant", _("Plant")
        HOSPITAL = "hospital", _("Hospital")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    region = models.ForeignKey(
        "regions.Region",
        on_delete=models.PROTECT,
        related_name="organisations",
        verbose_name=_("region"),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("superior"),
    )
    phone = models.CharField(_("telephone of the duty room"), max_length=40, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """How people and the database see it."""

        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["region_id", "kind", "name"]

    def __str__(self) -> str:
        """The name as people say it."""
        return self.name


SITES = frozenset({Organisation.Kind.PLANT, Organisation.Kind.HOSPITAL})
"""Where dangers arise; every other kind stands above them."""


class PeopleManager(UserManager["User"]):
    """Reads people along with where they work: every page says it, and sight depends on it."""

    use_in_migrations = False

    def get_queryset(self) -> models.QuerySet[User]:
        """People with their organisation and its region."""
        rows: RecordedQuerySet[User] = RecordedQuerySet(self.model, using=self._db)
        return rows.select_related("organisation__region")


class User(AbstractUser):
    """Someone who signs in. The organisation is where he works; what he may do, his grants say."""

    # One field for a person's name: Chinese names have no first and last to be glued together.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="users",
        verbose_name=_("organisation"),
    )
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    left_why = models.CharField(_("reason for leaving"), max_length=200, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager[User]] = PeopleManager()

    class Meta:
        """How people and the database see it."""

        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        """The person's name, or the sign-in name where none is known."""
        return self.get_full_name()

    def get_full_name(self) -> str:
        """The person's name as it is said and written."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """The same: Chinese names are short."""
        return self.get_full_name()

    def current_grants(self) -> list[Grant]:
        """What the person holds now, read once in the life of this object, so once a request."""
        kept: list[Grant] | None = self.__dict__.get("_current_grants")
        if kept is None:
            now = timezone.now()
            kept = [grant for grant in self.grants.all() if grant.holds(now)]
            self.__dict__["_current_grants"] = kept
        return kept

    def roles_said(self) -> str:
        """The roles held now, as people read them."""
        return ", ".join(dict.fromkeys(str(g.get_role_display()) for g in self.current_grants()))

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        """As Django's; what was granted is read anew as well."""
        self.forget_grants()
        super().refresh_from_db(*args, **kwargs)

    def forget_grants(self) -> None:
        """Read the grants anew when they are next asked for."""
        for name in ("_current_grants", "_posts"):
            self.__dict__.pop(name, None)


class GrantQuerySet(RecordedQuerySet["Grant"]):
    """Grants, narrowed."""

    def current(self, at: datetime) -> GrantQuerySet:
        """Those that hold at a moment."""
        return self.filter(current_grants(at))


def current_grants(at: datetime, *, through: str = "") -> Q:
    """Grants that hold at a moment, as a filter.

    Args:
        at: the moment.
        through: path to the grant from the rows that are filtered, such as "users__grants__".
    """
    begun = Q(**{f"{through}since__lte": at})
    return begun & (Q(**{f"{through}until": None}) | Q(**{f"{through}until__gt": at}))


class GrantManager(models.Manager["Grant"]):
    """Reads the scope along with the grant: whoever asks for one asks where it holds."""

    def get_queryset(self) -> GrantQuerySet:
        """Grants with their organisation and region."""
        rows = GrantQuerySet(self.model, using=self._db)
        return rows.select_related("organisation__region", "region")


class Grant(models.Model):
    """A role that someone holds over an organisation and all below it, or over a region.

    A grant is never changed nor deleted, only ended: it answers years later who could do what.
    """

    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="grants", verbose_name=_("user")
    )
    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("organisation"),
    )
    region = models.ForeignKey(
        "regions.Region",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grants",
        verbose_name=_("region"),
    )
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("granted by"),
    )
    why = models.CharField(_("reason"), max_length=200)
    ended_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
    )
    ended_why = models.CharField(_("reason for ending"), max_length=200, blank=True)

    objects: ClassVar[GrantManager] = GrantManager()

    class Meta:
        """How people and the database see it."""

        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        ordering = ["-since", "-id"]
        indexes = [models.Index(fields=["role", "region"], name="grant_role_region")]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation=None, region__isnull=False)
                | Q(organisation__isnull=False, region=None),
                name="grant_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(region=None) | ~Q(role__in=sorted(OF_AN_ORGANISATION)),
                name="grant_speaks_for_an_organisation",
            ),
        ]

    def __str__(self) -> str:
        """Role and scope, as people say them."""
        return f"{self.get_role_display()} · {self.organisation or self.region}"

    def holds(self, at: datetime) -> bool:
        """Whether it holds at a moment."""
        return self.since <= at and (self.until is None or at < self.until)


class SignInEvent(models.Model):
    """Who came, who left, who was refused: kept for audit, and the brake on guessing reads it."""

    class Outcome(models.TextChoices):
        """How an attempt ended."""

        SIGNED_IN = "signed_in", _("signed in")
        REFUSED = "refused", _("refused")
        SIGNED_OUT = "signed_out", _("signed out")
        PASSWORD_CHANGED = "password_changed", _("password changed")
        CODE_REFUSED = "code_refused", _("second factor refused")
        CODE_USED = "code_used", _("second factor used")
        RECOVERY_USED = "recovery_used", _("recovery code used")
        FACTOR_ADDED = "factor_added", _("second factor added")
        FACTOR_REMOVED = "factor_removed", _("second factor removed")
        FACTOR_RESET = "factor_reset", _("second factor reset")
        RECOVERY_MADE = "recovery_made", _("recovery codes made")
        SESSION_ENDED = "session_ended", _("session ended")
        SESSION_EXPIRED = "session_expired", _("session expired")
        TOKEN_MADE = "token_made", _("API token made")
        TOKEN_ENDED = "token_ended", _("API token ended")

    username = models.CharField(_("sign-in name"), max_length=150)
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sign_in_events",
        verbose_name=_("user"),
    )
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    browser = models.CharField(_("known browser"), max_length=32, blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    at = models.DateTimeField(_("time"))
    by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("done by"),
    )
    why = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        """How people and the database see it."""

        verbose_name = _("sign-in event")
        verbose_name_plural = _("sign-in events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["username", "at"], name="signin_username_at"),
            models.Index(fields=["address", "at"], name="signin_address_at"),
        ]

    def __str__(self) -> str:
        """One line of the record."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.outcome}"
