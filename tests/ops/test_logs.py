"""Lines for people and for machines; what must stay secret is in neither."""

import io
import json
import logging

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from guatu.ops.logs import MASK, JsonLines, Lines, formatter_for, known_secrets, masked
from guatu.ops.supervise import Supervisor
from guatu.web.shell.measure import HEADER, request_id

KEY = "EoTsbIoUfncZIgt87Triq1IbTZ2cBKk6Um-45oTzvuM"


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("engine", logging.WARNING, "f.py", 1, message, arguments, None)


@pytest.mark.parametrize(
    "line",
    [
        f"Authorization: Bearer {KEY}",
        f"authorization: bearer {KEY}",
        f"GET /live?ticket={KEY}&plant=3",
        f"POST username=wang&password={KEY}",
        f'{{"password": "{KEY}"}}',
        f"postgresql://guatu:{KEY}@db/guatu",
        f"csrfmiddlewaretoken={KEY}",
    ],
)
def test_what_is_written_like_a_secret_is_masked(line: str) -> None:
    said = masked(line)
    assert KEY not in said
    assert MASK in said


@pytest.mark.parametrize(
    "line",
    [
        "partition 0: stored through 400, 24000 cells, 0.31 s",
        "the password was refused for wang",
        "a ticket ends in 15 minutes",
        "nats://127.0.0.1:4222 is away",
    ],
)
def test_plain_words_stay_as_they_are(line: str) -> None:
    assert masked(line) == line


@given(st.text("XYZ0123456789", min_size=8, max_size=64))
def test_a_secret_of_the_environment_is_in_no_line_whatever_is_around_it(secret: str) -> None:
    secrets = known_secrets({"GUATU_LIVE_SECRET": secret})
    for formatter in (Lines(secrets), JsonLines("live", secrets)):
        assert secret not in formatter.format(record("a %s b", f"<{secret}>"))


def test_a_traceback_is_masked_too() -> None:
    one = record("failed")
    problem = ValueError(f"Bearer {KEY}")
    one.exc_info = (ValueError, problem, None)
    for formatter in (Lines(), JsonLines("engine")):
        one.exc_text = None
        assert KEY not in formatter.format(one)


def test_a_json_line_says_when_who_and_what() -> None:
    said = json.loads(formatter_for("engine", {"GUATU_LOG_FORMAT": "json"}).format(record("盘满")))
    assert said["process"] == "engine"
    assert said["level"] == "warning"
    assert said["message"] == "盘满"
    assert said["at"].endswith("+00:00")
    assert "request_id" not in said


def test_the_supervisor_passes_json_on_and_wraps_what_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUATU_LOG_FORMAT", "json")
    out = io.StringIO()
    supervisor = Supervisor(out)
    supervisor.say("engine", json.dumps({"message": "own", "process": "engine"}))
    supervisor.say("log", "[1] [ERR] no space left")
    supervisor.say("log", "{torn")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["own", "[1] [ERR] no space left", "{torn"]
    assert {line["process"] for line in lines} == {"engine", "log"}


# --- requests --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_each_request_has_a_name_and_a_harmless_one_of_a_proxy_is_kept(client: Client) -> None:
    first, second = (client.get("/healthz").headers[HEADER] for _ in range(2))
    assert first != second
    given_ = client.get("/healthz", headers={HEADER: "proxy-1234"})
    assert given_.headers[HEADER] == "proxy-1234"
    bad = client.get("/healthz", headers={HEADER: "a b\n{}"})
    assert bad.headers[HEADER] != "a b\n{}"


def test_lines_of_a_request_carry_its_name() -> None:
    token = request_id.set("proxy-1234")
    try:
        assert Lines().format(record("slow")).endswith("[proxy-1234]")
        assert json.loads(JsonLines("web").format(record("slow")))["request_id"] == "proxy-1234"
    finally:
        request_id.reset(token)
    assert "proxy" not in Lines().format(record("slow"))
