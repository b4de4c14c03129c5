"""What the web's tests share: no engine and no log, which is known at once."""

from collections.abc import Iterator

import pytest

from guatu.telemetry import door
from guatu.telemetry.settings import DoorSettings, StreamSettings


@pytest.fixture(scope="session", autouse=True)
def _nobody_answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no page wait for a log that is not there, nor find that of somebody else's house."""
    folder = tmp_path_factory.mktemp("no-house")
    streams = StreamSettings(log_url="nats://127.0.0.1:1", disk=folder)
    door.use(DoorSettings(streams=streams, history=folder, timeout_s=0.05))
    yield
    door.use(None)
