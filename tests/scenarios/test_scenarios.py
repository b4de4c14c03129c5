"""Every scenario beside this file comes true before the reference judge and before the kernel."""

from collections.abc import Callable
from pathlib import Path

import pytest

from guatu.core.alarms.play import play
from guatu.core.alarms.rules import RULES
from guatu.core.alarms.scenario import ExpectWarning, read
from guatu.core.alarms.world import Judging, ReferenceWorld
from tests.telemetry.kernel_world import KernelWorld

SCENARIOS = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("judge", [ReferenceWorld, KernelWorld], ids=["reference", "kernel"])
@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_comes_true(path: Path, judge: Callable[[], Judging]) -> None:
    scenario, problems = read(path.read_text(encoding="utf-8"))
    assert problems == []
    assert play(scenario, judge()) == []


def test_each_level_a_rule_can_ask_for_has_a_scenario_and_a_silent_twin() -> None:
    told = {
        path.stem: {m.what.level for m in moments if isinstance(m.what, ExpectWarning)}
        for path in SCENARIOS
        for moments in [read(path.read_text(encoding="utf-8"))[0].moments]
    }
    for rule in RULES.rules:
        assert any(rule.level in levels for levels in told.values())
        word = {1: "blue", 2: "yellow", 3: "orange", 4: "red"}[rule.level]
        twins = [name for name in told if name.startswith(f"{word}_twin")]
        assert twins
        assert all(told[name] and rule.level not in told[name] for name in twins)
