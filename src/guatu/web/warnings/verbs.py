"""The verbs of this app and who may do them: the noun's table, put to the whole web's question."""

from typing import cast

import rules

from guatu.core.nouns.warning import VERBS, Party, Verb
from guatu.web.people import permission
from guatu.web.people.models import User
from guatu.web.people.posts import sight_of
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import parties_of, sees


def _is_party(verb: Verb) -> permission.Predicate:
    """A predicate: the user is one of those to this warning whose verb it is."""

    @rules.predicate(f"warning party:{verb}")  # type: ignore[attr-defined, no-untyped-call, untyped-decorator]
    def holds(user: User, warning: object = None) -> bool:
        return isinstance(warning, Warning) and bool(
            parties_of(user, warning) & VERBS[verb].parties
        )

    return cast("permission.Predicate", holds)


@rules.predicate("sees the warning")  # type: ignore[attr-defined, no-untyped-call, untyped-decorator]
def _sees(user: User, warning: object = None) -> bool:
    if warning is None:
        return bool(sight_of(user))
    return isinstance(warning, Warning) and sees(user, warning)


def register() -> None:
    """Enter this app's verbs in the table; what only time does is nobody's."""
    permission.register("warnings.see", cast("permission.Predicate", _sees))
    for verb, rule in VERBS.items():
        if rule.parties != {Party.CLOCK}:
            permission.register(f"warnings.{verb}", _is_party(verb))
