"""The permission table of the documentation is the one that the program asks."""

import pytest
from tools import permissions

from guatu.web.people import permission
from guatu.web.people.models import Role
from tests.cast import Cast


@pytest.mark.parametrize("language", sorted(permissions.FILES))
def test_the_page_is_not_stale(language: str) -> None:
    written = permissions.FILES[language].read_text(encoding="utf-8")
    assert written == permissions.page(language), "run tools/permissions.py"


def test_what_cannot_be_put_into_words_is_loud() -> None:
    with pytest.raises(permissions.UnknownPredicateError):
        permissions.cells("(role:viewer & born on a Sunday)")


def test_who_has_no_cell_may_nothing_anywhere(cast: Cast) -> None:
    things = [None, cast.plant, cast.county_bureau, cast.viewer, cast.county]
    for verb, predicate in permission.table().items():
        allowed = set(permissions.cells(predicate.name))
        for user in cast.users.values():
            roles = {grant.role for grant in user.current_grants()}
            if not roles & allowed:
                assert not any(permission.may(user, verb, thing) for thing in things), verb
        assert allowed <= set(Role.values)
