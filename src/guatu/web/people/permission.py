"""One question for the whole web: may this user do this to that?

Each app registers its verbs once, at start, with a predicate of the rules library::

    permission.register("warnings.acknowledge", is_plant_safety_officer & owns)

and every page, action and navigation entry asks `may(user, verb, thing)`. A missing user may
nothing, and neither may one who is no longer active. Superusers are not excepted: a duty that
nobody holds should be seen, not worked around.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import rules
from django.core.exceptions import PermissionDenied

from guatu.web.people.models import User
from guatu.web.people.queries import Sight, sight_of


class Predicate(Protocol):
    """What `rules.predicate` makes: combine with & | ~, test with a user and a thing."""

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


def role(*names: str) -> Predicate:
    """A predicate: the user's role is one of these."""

    @predicate(f"role:{'|'.join(names)}")
    def has_role(user: User, _thing: object = None) -> bool:
        return user.role in names

    return has_role


def _where(thing: object) -> tuple[str | None, int | None]:
    """The region code and organisation id of a thing, whatever model it is."""
    if isinstance(thing, User):
        thing = thing.organisation
    organisation: Any = getattr(thing, "organisation_id", None)
    if organisation is None and type(thing).__name__ == "Organisation":
        organisation = getattr(thing, "pk", None)
    return getattr(thing, "region_id", None), organisation


@predicate("in sight")
def in_sight(user: User, thing: object = None) -> bool:
    """The thing lies in what the user may see; asked in general, yes."""
    if thing is None:
        return True
    region, organisation = _where(thing)
    sight: Sight = sight_of(user)
    return sight.covers(region=region, organisation=organisation)


@predicate("own organisation")
def of_own_organisation(user: User, thing: object = None) -> bool:
    """The thing belongs to the user's own organisation; asked in general, yes."""
    return thing is None or _where(thing)[1] == user.organisation_id


@predicate("anyone signed in")
def anyone(_user: User, _thing: object = None) -> bool:
    """Everyone who is signed in."""
    return True


is_plant_safety_officer = role(User.Role.PLANT_SAFETY_OFFICER)
is_duty_officer = role(User.Role.DUTY_OFFICER)
is_supervisor = role(User.Role.SUPERVISOR)
is_administrator = role(User.Role.ADMINISTRATOR)
