"""One question for the whole web: may this user do this to that?

Each app registers its verbs once, at start, with a predicate of the rules library::

    permission.register("warnings.acknowledge", is_plant_safety_officer)

and every page, action and navigation entry asks `may(user, verb, thing)`. A missing user may
nothing, and neither may one who is no longer active. Superusers are not excepted: a duty that
nobody holds should be seen, not worked around.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import rules
from django.core.exceptions import PermissionDenied

from guatu.web.people.models import BUSINESS, Organisation, Role, User
from guatu.web.people.posts import posts_of
from guatu.web.regions.models import Region


class Predicate(Protocol):
    """What `rules.predicate` makes: combine with & | ~, test with a user and a thing."""

    name: str

    def test(self, *args: object) -> bool:
        """Judge a user and a thing."""
        ...

    def __and__(self, other: "Predicate") -> "Predicate": ...
    def __or__(self, other: "Predicate") -> "Predicate": ...
    def __invert__(self) -> "Predicate": ...


# rules has no types: this is the seam where they begin.
_RULES = cast("Any", rules)
_TABLE: Any = _RULES.RuleSet()


class UnknownVerb(LookupError):
    """A verb that nobody registered: a mistake of the program, so it is loud."""


def register(verb: str, predicate: Predicate) -> None:
    """Enter a verb in the table, once, as "app.verb".

    Raises:
        KeyError: if the verb is there already.
    """
    _TABLE.add_rule(verb, predicate)


def may(user: object, verb: str, thing: object = None) -> bool:
    """Tell whether a user may do a verb to a thing.

    Args:
        user: a signed-in user; None and the anonymous user may nothing.
        verb: as registered, "app.verb".
        thing: what it is done to; None asks about the verb in general, as navigation does.

    Raises:
        UnknownVerb: if no app registered the verb.
    """
    if verb not in _TABLE:
        raise UnknownVerb(verb)
    if not isinstance(user, User) or not user.is_active:
        return False
    return bool(_TABLE.test_rule(verb, user, thing))


def demand(user: object, verb: str, thing: object = None) -> None:
    """As `may`, for actions.

    Raises:
        PermissionDenied: if the answer is no.
    """
    if not may(user, verb, thing):
        raise PermissionDenied(verb)


def table() -> Mapping[str, Predicate]:
    """The verbs and their predicates, for the documentation and the permission matrix."""
    return dict(sorted(_TABLE.items()))


def predicate(name: str) -> Callable[[Callable[[User, Any], bool]], Predicate]:
    """Make a predicate of a function of a user and a thing, to be combined with & | ~."""
    return cast(
        "Callable[[Callable[[User, Any], bool]], Predicate]",
        _RULES.predicate(name),
    )


def _where(thing: object) -> tuple[str | None, int | None]:
    """The region code and organisation id of a thing, whatever model it is."""
    if isinstance(thing, User):
        thing = thing.organisation
    if isinstance(thing, Organisation):
        return thing.region_id, thing.pk
    if isinstance(thing, Region):
        return thing.code, None
    return getattr(thing, "region_id", None), getattr(thing, "organisation_id", None)


def role(*roles: Role) -> Predicate:
    """A predicate: the user holds one of these roles in a scope that covers the thing.

    Asked in general, without a thing, holding one anywhere is enough.
    """

    @predicate(f"role:{'|'.join(roles)}")
    def holds_role(user: User, thing: object = None) -> bool:
        posts = [post for post in posts_of(user) if post.role in roles]
        if thing is None:
            return bool(posts)
        region, organisation = _where(thing)
        return any(post.covers(region=region, organisation=organisation) for post in posts)

    return holds_role


in_sight = role(*sorted(BUSINESS))
"""The thing lies in what the user may see of the business."""


@predicate("oneself")
def oneself(user: User, thing: object = None) -> bool:
    """The thing is the user's own account."""
    return isinstance(thing, User) and thing.pk == user.pk


@predicate("anyone signed in")
def anyone(_user: User, _thing: object = None) -> bool:
    """Everyone who is signed in."""
    return True


is_administrator = role(Role.ADMINISTRATOR)
is_security_administrator = role(Role.SECURITY_ADMINISTRATOR)
is_auditor = role(Role.AUDITOR)
is_duty_officer = role(Role.DUTY_OFFICER)
is_supervisor = role(Role.SUPERVISOR)
is_dispatcher = role(Role.DISPATCHER)
is_responsible_unit = role(Role.RESPONSIBLE_UNIT)
is_plant_safety_officer = role(Role.PLANT_SAFETY_OFFICER)
is_enterprise = role(Role.ENTERPRISE)
