"""The database itself refuses to change the record."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from guatu.web.audit import guards
from guatu.web.audit.models import Act, Change, Pruning, Seal
from guatu.web.people.models import SignInEvent
from tests.cast import Cast

TABLES = ("audit_change", "people_signinevent")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("deed", ["UPDATE {} SET at = '2020-01-01'", "DELETE FROM {}"])
def test_the_database_refuses_to_change_the_record(cast: Cast, table: str, deed: str) -> None:
    SignInEvent.objects.create(username="x", outcome="refused", at=timezone.now())
    assert Change.objects.exists()
    with (
        pytest.raises(DatabaseError, match="only ever added to"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(deed.format(table))


def test_the_orm_is_refused_as_well(cast: Cast) -> None:
    change = Change.objects.latest("id")
    for deed in (change.save, change.delete, Change.objects.all().delete):
        with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
            deed()


def test_a_young_record_goes_by_no_pruning_whatever_it_says(cast: Cast) -> None:
    now = timezone.now()
    change = Change.objects.create(at=now - timedelta(days=179), act=Act.DONE, kind="page")
    Seal.objects.create(number=1, change=change.pk, seal="x")
    Pruning.objects.create(at=now, before=now, first=1, last=9, seal="x", by="x", why="x")
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        change.delete()
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        Seal.objects.all().delete()


def test_all_triggers_stand_and_a_lost_one_is_missed(db: None) -> None:
    assert guards.missing(connection) == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER audit_change_no_update")
    assert guards.missing(connection) == ["audit_change_no_update"]
    guards.set_up(connection)
    assert guards.missing(connection) == []
