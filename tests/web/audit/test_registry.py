"""Nothing slips past the record: every model stands in its list, and every way of changing one."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from guatu.web.audit.registry import LEFT_OUT, LINKED, WATCHED
from guatu.web.shell.recorded import RecordedQuerySet

ROOT = Path(__file__).resolve().parents[3] / "src" / "guatu"
BY_HAND = re.compile(
    r"cursor\(|\.raw\(|_base_manager|_raw_delete|\.extra\(|RunSQL|sql\.\w+Query|"
    r"Manager\(\)\.using|QuerySet\(model|models\.QuerySet\.\w+\("
)
READS_ONLY = {
    "web/people/posts.py": "reads the tree of organisations",
    "web/shell/views.py": "asks whether the database answers",
    "web/shell/recorded.py": "is what records",
    "web/audit/recorder.py": "is what records",
    "web/audit/checking.py": "reads entries",
    "web/audit/guards.py": "sets triggers",
    "ops/serve.py": "asks whether the database answers",
    "ops/doctor/stores.py": "asks whether the database is sound",
}
"""Where SQL or a manager is used by hand, with what it does there: no change of a record."""


def test_every_model_is_watched_linked_or_left_out_for_a_reason() -> None:
    known = {model._meta.label for model in (*WATCHED, *LINKED)}
    assert not known & set(LEFT_OUT)
    models = {model._meta.label for model in apps.get_models(include_auto_created=True)}
    assert known | set(LEFT_OUT) == models


@pytest.mark.parametrize("model", list(WATCHED), ids=lambda model: model.__name__)
def test_every_manager_of_a_watched_model_tells_of_many_changes_at_once(model: Any) -> None:
    for manager in model._meta.managers:
        assert isinstance(manager.get_queryset(), RecordedQuerySet), manager.name
    for relation in model._meta.related_objects:
        if relation.related_model in WATCHED and relation.get_accessor_name():
            manager = relation.related_model._default_manager
            assert isinstance(manager.get_queryset(), RecordedQuerySet)


def by_hand(root: Path) -> set[str]:
    """The files that speak to the database past the managers."""
    return {
        str(path.relative_to(root))
        for folder in ("web", "ops")
        for path in (root / folder).rglob("*.py")
        if "migrations" not in path.parts and BY_HAND.search(path.read_text(encoding="utf-8"))
    }


def test_no_other_file_writes_past_the_managers() -> None:
    assert by_hand(ROOT) == set(READS_ONLY)


def test_a_file_that_writes_past_them_is_found(tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "ops").mkdir()
    file = tmp_path / "web" / "actions.py"
    for line in (
        'connection.cursor().execute("UPDATE people_user SET phone = 1")',
        "User._base_manager.update(phone=1)",
        "rows._raw_delete('default')",
    ):
        file.write_text(line)
        assert by_hand(tmp_path) == {"web/actions.py"}
