"""Every operation, asked by every role with whatever the description allows and does not allow."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from guatu.web.api import api
from tests.cast import Cast
from tests.web.api.conftest import Things, token_of

ROLES = (
    "administrator", "security_administrator", "auditor", "duty_officer", "supervisor",
    "dispatcher", "responsible_unit", "plant_officer", "enterprise", "viewer", "outsider",
)  # fmt: skip
EXAMPLES = int(os.environ.get("GUATU_SCHEMA_CASES", "6"))
SCHEMA: Any = schemathesis.openapi.from_dict(api.get_openapi_schema())
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance, response_headers_conformance,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Let a request's end not close the connection in whose transaction the test stands."""
    ends = signals.request_started, signals.request_finished
    for end in ends:
        end.disconnect(close_old_connections)
    yield
    for end in ends:
        end.connect(close_old_connections)


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_no_role_gets_a_server_error_or_what_is_not_described(
    label: str, who: str, cast: Cast, things: Things
) -> None:
    shown = f"Bearer {token_of(cast.users[who])}"
    app = get_wsgi_application()
    numbers = {
        "plant_id": things.line.plant.pk,
        "warning_id": things.warning.pk,
        "alarm_id": things.alarm.pk,
        "stop_id": things.stop.pk,
    }

    def ask(case: Any, *, known: bool, checks: list[Any]) -> None:
        if known:
            case.path_parameters |= {k: v for k, v in numbers.items() if k in case.path_parameters}
        # Over what was made up: of strangers there is a test of their own.
        case.headers = {**(case.headers or {}), "Authorization": shown}
        response = case.call(app=app, headers={"Authorization": shown})
        assert response.status_code != 401, response.text
        case.validate_response(response, checks=checks)

    operation = OPERATIONS[label]
    for mode, checks in (
        (GenerationMode.POSITIVE, CHECKS),
        (GenerationMode.NEGATIVE, [*CHECKS, negative_data_rejection]),
    ):
        if mode is GenerationMode.NEGATIVE and not operation.query and not operation.body:
            continue

        @given(
            case=operation.as_strategy(generation_mode=mode),
            checks=st.just(checks),
            known=st.booleans(),
        )
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def run(case: Any, checks: list[Any], known: bool) -> None:  # noqa: FBT001 - hypothesis's
            ask(case, known=known, checks=checks)

        run()
