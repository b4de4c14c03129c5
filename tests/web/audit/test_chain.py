"""The chain: whole after any work, broken by any tampering, pruned only as an act on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import connection, transaction
from django.utils import timezone

from guatu.web import settings as web_settings
from guatu.web.audit import chain, guards
from guatu.web.audit.checking import Verified, verify
from guatu.web.audit.models import Act, Change, Head, Pruning, Seal, Unsealed
from guatu.web.audit.retention import prune
from guatu.web.people.models import SignInEvent, User
from tests.cast import Cast, assemble

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


@pytest.fixture
def cast() -> Cast:
    return assemble()


def look(**given: Any) -> Verified:
    return verify(at=timezone.now(), **given)


def codes(**given: Any) -> set[str]:
    return {finding.code for finding in look(**given).findings}


def by_file(statement: str, *values: str | int) -> None:
    """Do what someone does who holds the database: lift the triggers, tamper, set them again."""
    with connection.cursor() as cursor:
        for table in guards.ADDED_TO:
            for name in guards.names(table, connection.vendor):
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(statement, values)
    guards.set_up(connection)


def change_at(number: int) -> int:
    """The record that stands at a number."""
    return Seal.objects.get(number=number).change


def test_each_record_is_sealed_when_its_transaction_is_committed(cast: Cast) -> None:
    assert Change.objects.count() == Seal.objects.count() > 20
    assert not Unsealed.objects.exists()
    with transaction.atomic():
        cast.viewer.phone = "1"
        cast.viewer.save()
        assert Unsealed.objects.count() == 1
    assert not Unsealed.objects.exists()
    found = look()
    assert (found.findings, found.read) == ([], Change.objects.count())


def test_what_was_not_sealed_when_a_process_died_is_sealed_with_the_next(cast: Cast) -> None:
    with transaction.atomic():
        cast.viewer.phone = "1"
        cast.viewer.save()
        connection.run_on_commit.clear()
    assert Unsealed.objects.count() == 1
    later = timezone.now() + timedelta(minutes=6)
    assert {f.code for f in verify(at=later).findings} == {"waiting"}
    cast.viewer.phone = "2"
    cast.viewer.save()
    assert codes() == set()


def test_a_record_that_was_taken_away_before_it_was_sealed_is_missed(cast: Cast) -> None:
    with transaction.atomic():
        cast.viewer.phone = "1"
        cast.viewer.save()
        connection.run_on_commit.clear()
    by_file("DELETE FROM audit_change WHERE id = %s", Unsealed.objects.get().change)
    cast.viewer.phone = "2"
    cast.viewer.save()
    assert codes() == {"missing"}


def test_transactions_side_by_side_make_one_chain(cast: Cast) -> None:
    barrier = Barrier(AT_ONCE)

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=20)
            for turn in range(5):
                with transaction.atomic():
                    User.objects.filter(username="chakan").update(phone=f"{number}-{turn}")
        finally:
            connection.close()

    before = Change.objects.count()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(run, range(AT_ONCE)))
    assert Change.objects.count() - before == AT_ONCE * 5
    assert codes() == set()
    numbers = list(Seal.objects.values_list("number", flat=True))
    assert numbers == list(range(1, Change.objects.count() + 1))
    phones = [
        (change.changes[0]["from"], change.changes[0]["to"])
        for change in Change.objects.order_by("id")[before:]
    ]
    assert all(old[1] == new[0] for old, new in pairwise(phones))


TAMPERINGS: list[tuple[str, Callable[[], None]]] = [
    (
        "altered",
        lambda: by_file("UPDATE audit_change SET actor_name = 'x' WHERE id = %s", change_at(5)),
    ),
    (
        "altered",
        lambda: by_file("UPDATE audit_change SET at = '2020-01-01' WHERE id = %s", change_at(5)),
    ),
    (
        "missing",
        lambda: by_file("DELETE FROM audit_change WHERE id = %s", change_at(5)),
    ),
    ("gap", lambda: by_file("DELETE FROM audit_seal WHERE number = 5")),
    (
        "unsealed",
        lambda: by_file(
            "INSERT INTO audit_change (at, act, kind, actor_name, actor_account, "
            "actor_organisation, request, door, record, record_name, page_kind, page_record, "
            "region, changes, why, digest) VALUES ('2026-01-01', 'changed', 'x', '', '', '', '', "
            "'', '', '', '', '', '', '[]', '', '')"
        ),
    ),
    (
        "end",
        lambda: by_file(
            "DELETE FROM audit_seal WHERE number = (SELECT max(number) FROM audit_seal)"
        ),
    ),
    ("entry_altered", lambda: by_file("UPDATE people_signinevent SET outcome = 'signed_out'")),
    ("entry_missing", lambda: by_file("DELETE FROM people_signinevent")),
]


@pytest.mark.parametrize(
    ("code", "tamper"), TAMPERINGS, ids=[f"{n} {t[0]}" for n, t in enumerate(TAMPERINGS)]
)
def test_whoever_tampers_with_the_file_is_found(
    cast: Cast, code: str, tamper: Callable[[], None]
) -> None:
    SignInEvent.objects.create(username="x", outcome="refused", at=timezone.now())
    assert codes() == set()
    tamper()
    assert code in codes()


def test_a_seal_cannot_be_made_without_the_installations_key(cast: Cast, settings: Any) -> None:
    settings.AUDIT_KEY = "another"
    assert "altered" in codes()


def test_an_end_cut_off_with_the_head_is_found_by_a_seal_kept_outside(cast: Cast) -> None:
    last = look()
    anchors = {last.number: last.seal}
    assert codes(anchors=anchors) == set()
    before = Seal.objects.get(number=last.number - 1)
    gone = Seal.objects.get(number=last.number).change
    by_file("DELETE FROM audit_seal WHERE number = %s", last.number)
    by_file("DELETE FROM audit_change WHERE id = %s", gone)
    by_file("UPDATE audit_head SET number = %s, seal = %s", before.number, before.seal)
    assert codes() == set()
    assert codes(anchors=anchors) == {"anchor"}


def test_a_part_of_the_chain_can_be_read_by_itself(cast: Cast) -> None:
    assert (look(last=5).read, codes(last=5)) == (5, set())
    by_file("UPDATE audit_change SET actor_name = 'x' WHERE id = %s", change_at(5))
    assert codes(last=5) == set()
    assert codes() == {"altered"}


def old_records(count: int, days: int) -> None:
    """Records made that many days ago, sealed as they were then."""
    at = timezone.now() - timedelta(days=days)
    for _ in range(count):
        with transaction.atomic():
            change = Change.objects.create(at=at, act=Act.DONE, kind="page")
            Unsealed.objects.create(change=change.pk)
    chain.seal()


def test_what_is_older_than_the_retention_goes_as_an_act_on_record(settings: Any) -> None:
    settings.AUDIT_DAYS = 200
    old_records(7, days=201)
    cast = assemble()
    kept = Change.objects.count() - 7
    done = prune(why="满期", at=timezone.now())
    assert done is not None
    assert (done.first, done.last) == (1, 7)
    assert Change.objects.count() == kept + 1
    told = Change.objects.get(act=Act.PRUNED)
    assert (told.why, told.actor_name) == ("满期", "guatu")
    assert codes() == set()
    assert prune(why="再来", at=timezone.now()) is None
    cast.viewer.phone = "1"
    cast.viewer.save()
    assert codes() == set()


def test_nothing_younger_goes_and_a_reason_is_needed(settings: Any) -> None:
    settings.AUDIT_DAYS = 200
    old_records(3, days=199)
    assert prune(why="满期", at=timezone.now()) is None
    assert Change.objects.count() == 3
    with pytest.raises(ValidationError):
        prune(why=" ", at=timezone.now())


def test_a_pruning_that_nobody_recorded_is_found() -> None:
    old_records(3, days=300)
    seal = Head.objects.get().seal
    now = timezone.now()
    Pruning.objects.create(at=now, before=now, first=1, last=3, seal=seal, by="x", why="x")
    Change.objects.all().delete()
    Seal.objects.all().delete()
    assert codes() == {"pruning"}


@pytest.mark.parametrize("days", ["179", "0", "-1", "x", ""])
def test_the_retention_is_never_below_six_months(
    days: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GUATU_AUDIT_DAYS", days)
    with pytest.raises(ImproperlyConfigured, match="180"):
        web_settings._audit_days()
