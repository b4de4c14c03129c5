"""What the processes are told by their environment."""

import pytest

from guatu.telemetry.settings import LiveSettings

SECRET = {"GUATU_LIVE_SECRET": "a secret of sixteen or more"}


@pytest.mark.parametrize(
    ("env", "origin", "allowed"),
    [
        ({}, "http://127.0.0.1:8000", True),
        ({}, "http://localhost:8000", True),
        ({}, "http://evil.example", False),
        ({}, "http://127.0.0.1:9999", False),
        ({"GUATU_WEB_PORT": "9000"}, "http://127.0.0.1:9000", True),
        ({"GUATU_HOSTS": "guatu.example.gov.cn"}, "https://guatu.example.gov.cn", True),
        ({"GUATU_HOSTS": "guatu.example.gov.cn"}, "http://localhost:8000", False),
        ({"GUATU_HOSTS": ".example.gov.cn"}, "https://any.example.gov.cn", False),
        ({"GUATU_ORIGINS": "https://a.example:8444"}, "https://a.example:8444", True),
        ({"GUATU_LIVE_ORIGINS": "https://b.example"}, "https://b.example", True),
        ({"GUATU_LIVE_ORIGINS": "https://b.example"}, "http://localhost:8000", False),
    ],
)
def test_the_stream_is_read_by_the_webs_own_pages_unless_told_otherwise(
    env: dict[str, str],
    origin: str,
    allowed: bool,  # noqa: FBT001 - a case of the table
) -> None:
    origins = LiveSettings.from_env(SECRET | env).origins
    assert (origin in origins) is allowed
    assert "*" not in origins


@pytest.mark.parametrize("name", ["GUATU_LIVE_ORIGINS", "GUATU_HOSTS"])
def test_any_origin_is_let_in_only_where_somebody_said_so(name: str) -> None:
    assert LiveSettings.from_env(SECRET | {name: "*"}).origins == ("*",)
