"""`guatu audit`: tells whether the record is whole, keeps its seal, gives up what is old."""

import argparse
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from guatu.ops import audit
from guatu.ops.audit_words import add_audit_words
from guatu.ops.doctor.audit import audit as doctor
from guatu.ops.errors import OperatorError
from guatu.ops.house import House, house_from
from guatu.web.audit import chain, checking, guards
from guatu.web.audit.models import Act, Change, Head, Seal, Unsealed
from tests.cast import assemble

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("GUATU_LANG", "zh")
    (tmp_path / "secret_key").write_text("x")
    return house_from({"GUATU_HOME": str(tmp_path)})


def guatu_audit(house: House, *words: str) -> int:
    parser = argparse.ArgumentParser()
    add_audit_words(parser)
    return audit.act(parser.parse_args(words), house)


def tamper(statement: str) -> None:
    """Do what someone does who holds the database."""
    with connection.cursor() as cursor:
        for table in guards.ADDED_TO:
            for name in guards.names(table, connection.vendor):
                cursor.execute(f"DROP TRIGGER {name}")
        cursor.execute(statement)
    guards.set_up(connection)


def test_a_whole_record_is_told_and_its_last_seal_kept_beside_the_database(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble()
    assert guatu_audit(house, "verify") == 0
    assert guatu_audit(house, "verify", "--last", "5") == 0
    told = capsys.readouterr().out
    head = Head.objects.get()
    assert f"校验 {head.number} 条，链尾 {head.number} 号" in told
    assert "校验 5 条" in told
    kept = (house.home / audit.ANCHORS).read_text().split()
    assert kept[:2] == [str(head.number), head.seal]
    assert (house.home / audit.ANCHORS).stat().st_mode & 0o777 == 0o600
    assert [str(told.tone.value) for told in doctor(house)] == ["✓"]


def test_a_broken_record_is_told_by_the_command_and_by_the_doctor(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble()
    tamper("UPDATE audit_change SET actor_name = '张三'")
    assert guatu_audit(house, "verify") == 1
    told = capsys.readouterr().out
    assert "1 号记录已被改动" in told
    assert "张三" in told
    assert told.count("■") == audit.SHOWN
    assert not (house.home / audit.ANCHORS).exists()
    assert {str(told.tone.value) for told in doctor(house)} == {"■"}


def test_an_end_that_was_cut_off_is_found_by_the_seal_kept_beside(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assemble()
    assert guatu_audit(house, "verify") == 0
    head = Head.objects.get()
    before = Seal.objects.get(number=head.number - 1)
    gone = Seal.objects.get(number=head.number).change
    tamper(f"DELETE FROM audit_seal WHERE number = {head.number}")  # noqa: S608 # its own number
    tamper(f"DELETE FROM audit_change WHERE id = {gone}")  # noqa: S608 # the same
    Head.objects.update(number=before.number, seal=before.seal)
    assert guatu_audit(house, "verify") == 1
    assert f"{head.number} 号封签与库外留存的不一致" in capsys.readouterr().out


def test_what_is_old_is_given_up_for_a_reason(
    house: House, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.AUDIT_DAYS = 180
    with transaction.atomic():
        at = timezone.now() - timedelta(days=181)
        change = Change.objects.create(at=at, act=Act.DONE, kind="page")
        Unsealed.objects.create(change=change.pk)
    chain.seal()
    assert guatu_audit(house, "prune", "--why", "满期") == 0
    assert "1 条审计记录" in capsys.readouterr().out
    assert guatu_audit(house, "prune", "--why", "满期") == 0
    assert "没有超过保存期" in capsys.readouterr().out
    assert guatu_audit(house, "verify") == 0
    with pytest.raises(OperatorError, match="理由"):
        guatu_audit(house, "prune", "--why", " ")


def test_every_finding_has_words() -> None:
    source = Path(checking.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r'code="(\w+)"', source)) == set(audit._SENTENCES)


def test_without_an_installation_it_says_so(tmp_path: Path) -> None:
    nowhere = house_from({"GUATU_HOME": str(tmp_path / "nowhere")})
    with pytest.raises(OperatorError):
        guatu_audit(nowhere, "verify")
