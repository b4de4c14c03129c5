"""Judging messages one by one and as a series, as the gateway and the engine would."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from guatu.access.alarms import read_alarms, read_heartbeat
from guatu.access.beats import ANCIENT_MS, FAR_AHEAD_MS, read_beat
from guatu.access.messages import Beat, Point
from guatu.access.points import PointTable
from guatu.access.problems import Facts, Problem, RefusedError
from guatu.access.quality import NAMES
from guatu.access.raw import is_raw, read_raw

MOST_PLACES = 5
MOST_EPOCHS = 3
ERROR, ADVICE = "error", "advice"


@dataclass(slots=True)
class Finding:
    """One thing found, wherever it was found.

    Args:
        level: `ERROR` or `ADVICE`.
        problem: the first of its kind, which its sentence is made of.
        count: how often.
        places: the first places, such as ``monday.jsonl:12 $.t[3]``.
    """

    level: str
    problem: Problem
    count: int = 0
    places: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gateway would answer to a message.

    Args:
        refused: why it was refused as a whole; None if it was taken.
        answer: the body of the answer to a message that was taken.
    """

    refused: Problem | None
    answer: dict[str, Any] = field(default_factory=dict)


class Conformance:
    """Judges messages and remembers what was found.

    Args:
        table: the plant's points; None leaves out what only they can tell.
    """

    def __init__(self, table: PointTable | None = None) -> None:
        self.table = table
        self.messages: Counter[str] = Counter()
        self.samples: Counter[str] = Counter()
        self.findings: dict[tuple[str, str], Finding] = {}
        self.with_sent = 0
        self._seen_points: set[str] = set()
        self._bodies: dict[tuple[int, int], str] = {}
        for problem in table.problems if table else ():
            self._find(ERROR, problem, "table")

    @property
    def errors(self) -> int:
        """How many kinds of error were found."""
        return sum(finding.level == ERROR for finding in self.findings.values())

    def note(self, problem: Problem, source: str) -> None:
        """Note an error that lies outside of any message."""
        self._find(ERROR, problem, source)

    def _find(self, level: str, problem: Problem, source: str, times: int = 1) -> None:
        key = (level, problem.code)
        found = self.findings.get(key)
        if found is None:
            found = self.findings[key] = Finding(level, problem)
        found.count += times
        place = f"{source} {problem.where}" if problem.where else source
        if len(found.places) < MOST_PLACES and place not in found.places:
            found.places.append(place)

    def take(self, source: str, body: bytes, now_ms: int, *, path: str = "") -> Verdict:
        """Judge one message.

        Args:
            source: where it came from, as the report will say it.
            body: its bytes.
            now_ms: the receiver's clock.
            path: the address it was sent to; without it the message itself tells what it is.
        """
        try:
            answer = self._taken(source, body, now_ms, path)
        except RefusedError as refused:
            self.messages["refused"] += 1
            self._find(ERROR, refused.problem, source)
            return Verdict(refused.problem)
        return Verdict(None, answer)

    def _taken(self, source: str, body: bytes, now_ms: int, path: str) -> dict[str, Any]:
        if is_raw(body):
            return self._beat(source, read_raw(body), "raw", now_ms)
        data = _decoded(body or b"{}")
        kind = path.rpartition("/")[2] or _kind_of(data)
        if kind == "alarms":
            return self._alarms(source, data)
        if kind == "heartbeat":
            self.with_sent += bool(read_heartbeat(data))
            self.messages["heartbeat"] += 1
            return {"received": now_ms}
        return self._beat(source, read_beat(data), "json", now_ms)

    def _alarms(self, source: str, data: object) -> dict[str, Any]:
        read = read_alarms(data)
        self.messages["alarms"] += 1
        self.with_sent += bool(read.sent)
        for problem in read.problems:
            self._find(ERROR, problem, source)
        if self.table is not None:
            for alarm in read.alarms:
                if alarm.point and alarm.point not in self.table.points:
                    self._find(ADVICE, Problem("alarm_of_unknown_point", alarm.point), source)
        rejected = [problem.as_json() for problem in read.problems]
        return {"accepted": len(read.alarms), "rejected": rejected}

    def _beat(self, source: str, beat: Beat, form: str, now_ms: int) -> dict[str, Any]:
        self.messages[form if beat.p else "heartbeat"] += 1
        self.with_sent += bool(beat.sent)
        self._number(source, beat)
        self._seen_points.update(beat.p)
        for _, _, quality in beat.q:
            if quality not in NAMES:
                self._find(ADVICE, _problem("unnamed_quality", "$.q", quality=quality), source)
        rejected: dict[str, tuple[int, list[str]]] = {}
        accepted = 0
        for code, row in zip(beat.p, beat.v, strict=True):
            for reason, count in self._reasons(code, row, beat.t, now_ms).items():
                if reason:
                    before, places = rejected.get(reason, (0, []))
                    rejected[reason] = before + count, [*places, code]
                else:
                    accepted += count
        self.samples["accepted"] += accepted
        for reason, (count, codes) in rejected.items():
            self.samples[reason] += count
            self._find(ERROR, Problem(reason, ", ".join(codes[:MOST_PLACES])), source, count)
        groups = [
            {"reason": r, "count": n, "where": codes[:20], "message": Problem(r).message()}
            for r, (n, codes) in rejected.items()
        ]
        return {"beat": beat.beat, "accepted": accepted, "rejected": groups}

    def _number(self, source: str, beat: Beat) -> None:
        """Hold a beat's number against those seen: one number, one message."""
        said = repr((beat.t, beat.p, beat.v, beat.q, beat.backfill)).encode()
        digest, key = hashlib.sha256(said).hexdigest(), (beat.epoch, beat.beat)
        before = self._bodies.setdefault(key, digest)
        if before != digest:
            problem = _problem("reused_number", "$.beat", epoch=beat.epoch, beat=beat.beat)
            self._find(ERROR, problem, source)

    def _reasons(
        self, code: str, row: Sequence[Any], times: Sequence[int], now_ms: int
    ) -> Counter[str]:
        """Count a row's samples by why they are left out; an empty reason is none."""
        point, found = self._point(code), Counter[str]()
        for value, at_ms in zip(row, times, strict=True):
            if value is not None:
                found[_reason_against(point, value, at_ms, now_ms)] += 1
        return found

    def _point(self, code: str) -> Point | None:
        if self.table is None:
            return Point(id=1, code=code)
        return self.table.points.get(code)

    def conclude(self) -> None:
        """Look at the series as a whole, once all messages were taken."""
        beats = self.messages["json"] + self.messages["raw"]
        if not beats:
            self._find(ERROR, Problem("no_beats", ""), "series")
        missing = _gaps(sorted(self._bodies))
        if missing:
            self._find(ADVICE, _problem("numbers_missing", "$.beat", count=missing), "series")
        epochs = {epoch for epoch, _ in self._bodies}
        if len(epochs) > MOST_EPOCHS:
            self._find(ADVICE, _problem("many_epochs", "$.epoch", count=len(epochs)), "series")
        if beats and not self.with_sent:
            self._find(ADVICE, Problem("no_sent", "$.sent"), "series")
        for point in self.table.points.values() if self.table and beats else ():
            if point.code not in self._seen_points:
                level = ERROR if point.core else ADVICE
                code = "core_never_sent" if point.core else "never_sent"
                self._find(level, Problem(code, point.code), "series")


def _reason_against(point: Point | None, value: object, at_ms: int, now_ms: int) -> str:
    """Say why the gateway would leave a sample out, in its order; empty if it would not."""
    if point is None:
        return "unknown_point"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "not_a_number"
    if not -1e308 < value < 1e308:
        return "not_a_number"
    if at_ms < ANCIENT_MS:
        return "ancient_time"
    if at_ms > now_ms + FAR_AHEAD_MS:
        return "future_time"
    low, high = point.physical_low, point.physical_high
    is_possible = (low is None or value >= low) and (high is None or value <= high)
    return "" if is_possible else "out_of_physical_range"


def _gaps(numbers: list[tuple[int, int]]) -> int:
    """Count the numbers between the lowest and the highest of each epoch that were not seen."""
    return sum(
        beat - last - 1 for (before, last), (epoch, beat) in pairwise(numbers) if before == epoch
    )


def _problem(code: str, where: str, **facts: int) -> Problem:
    given: Facts = dict(facts)
    return Problem(code, where, given)


def _kind_of(data: object) -> str:
    if isinstance(data, dict):
        if "alarms" in data:
            return "alarms"
        if not set(data) - {"sent"}:
            return "heartbeat"
    return "beats"


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        facts: Facts = {"detail": str(error)[:200]}
        raise RefusedError(Problem("bad_json", "$", facts)) from None
