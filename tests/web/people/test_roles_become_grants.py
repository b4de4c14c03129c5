"""What people held in one field stays theirs as grants."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.cast import PASSWORD

JOINED = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_each_role_becomes_a_grant_over_what_was_seen() -> None:
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate([("people", "0003_telephones")])
    apps = executor.loader.project_state([("people", "0003_telephones")]).apps
    _people(apps)
    executor = MigrationExecutor(connection)
    executor.migrate(latest)
    grants = executor.loader.project_state(latest).apps.get_model("people", "Grant")
    found = grants.objects.order_by("user__username").values_list(
        "user__username", "role", "organisation__name", "region_id", "since"
    )
    assert list(found) == [
        ("a", "administrator", None, "530181", JOINED),
        ("d", "duty_officer", None, "530181", JOINED),
        ("o", "plant_safety_officer", "厂", None, JOINED),
    ]


def _people(apps: Any) -> None:
    region = apps.get_model("regions", "Region").objects.create(
        code="530181", name="安宁市", short_name="安宁", level="county"
    )
    organisations = apps.get_model("people", "Organisation").objects
    bureau = organisations.create(name="局", kind="bureau", region=region)
    plant = organisations.create(name="厂", kind="plant", region=region)
    for username, role, organisation in (
        ("a", "administrator", bureau),
        ("d", "duty_officer", bureau),
        ("o", "plant_safety_officer", plant),
    ):
        apps.get_model("people", "User").objects.create(
            username=username,
            password=PASSWORD,
            name=username,
            role=role,
            organisation=organisation,
            date_joined=JOINED,
        )
