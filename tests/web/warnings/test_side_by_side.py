"""Two at once: closers, escalators, raisers, each in a thread with a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from guatu.core.nouns.warning import Level, Verdict
from guatu.web.warnings import actions
from guatu.web.warnings.errors import RefusedError
from guatu.web.warnings.models import Warning  # noqa: A004
from tests.cast import Cast, assemble
from tests.web.warnings.conftest import NOON

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 4


@pytest.fixture
def cast() -> Cast:
    return assemble()


def raise_pump(cast: Cast, *, level: Level = Level.ORANGE, at: Any = NOON) -> Warning:
    return actions.raise_warning(
        source_kind="monitoring.unit",
        source_key="pump",
        source_url="",
        title="进水流量 低低限",
        level=level,
        organisation=cast.plant,
        region=cast.county,
        facts={},
        at=at,
    )


def together(deed: Callable[[int], Any]) -> list[Any]:
    """Do a deed in several threads that start at one moment; give what each returned or raised."""
    barrier = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        try:
            barrier.wait(timeout=20)
            return deed(number)
        except RefusedError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_of_several_closers_one_closes(cast: Cast) -> None:
    warning = raise_pump(cast)
    actions.verify(warning.pk, verdict=Verdict.FALSE, note="x", by=cast.duty_officer, at=NOON)
    ends = together(lambda _: actions.close(warning.pk, note="x", by=cast.duty_officer, at=NOON))
    assert sum(isinstance(end, Warning) for end in ends) == 1
    assert {end.code for end in ends if isinstance(end, RefusedError)} == {"wrong_state"}
    assert warning.entries.filter(deed="close").count() == 1


def test_of_several_verifiers_one_is_heard_and_the_others_are_told(cast: Cast) -> None:
    warning = raise_pump(cast)
    verdicts = [Verdict.TRUE, Verdict.FALSE, Verdict.TEST, Verdict.TRUE]

    def verify(number: int) -> Warning:
        return actions.verify(
            warning.pk,
            verdict=verdicts[number],
            note="x",
            by=cast.duty_officer,
            at=NOON,
            seen=warning.standing,
        )

    ends = together(verify)
    assert sum(isinstance(end, Warning) for end in ends) == 1
    told = {end.code for end in ends if isinstance(end, RefusedError)}
    assert told <= {"changed_meanwhile", "same_verdict"}
    [entry] = warning.entries.filter(deed="verify")
    warning.refresh_from_db()
    assert warning.verdict == entry.verdict


def test_several_escalators_climb_each_rung_once(cast: Cast) -> None:
    warning = raise_pump(cast)
    for minutes in (15, 30, 45, 60):
        at = NOON + timedelta(minutes=minutes)
        together(partial(lambda at, _: actions.escalate_overdue(at), at))
    climbs = warning.entries.filter(deed="escalate")
    assert [entry.facts["to_rung"] for entry in climbs] == [1, 2, 3]


def test_several_raisers_of_one_source_raise_one_warning(cast: Cast) -> None:
    raised = together(lambda _: raise_pump(cast))
    assert len({warning.pk for warning in raised}) == 1
    only = Warning.objects.get()
    assert [entry.deed for entry in only.entries.all()] == ["raise"]


def test_several_lifts_at_once_end_at_the_gravest_and_each_level_is_entered_once(
    cast: Cast,
) -> None:
    raise_pump(cast, level=Level.BLUE)
    levels = [Level.YELLOW, Level.ORANGE, Level.RED, Level.RED]
    together(lambda n: raise_pump(cast, level=levels[n], at=NOON + timedelta(seconds=1)))
    only = Warning.objects.get()
    lifts = [entry.facts["to_level"] for entry in only.entries.filter(deed="lift")]
    assert only.level == Level.RED
    assert lifts == sorted(set(lifts))
    assert lifts[-1] == Level.RED
