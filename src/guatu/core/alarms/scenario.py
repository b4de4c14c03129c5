"""Scenarios in words: what a plant's safety officer can write, read and check without code.

::

    rule   melt temperature above 750 for 10s
    0s     740 740 760 760           # a sample each 5 s
    at 20s expect pending
    silence 10s                      # no message at all
    at 30s expect raised             # time alone raises it

Lines (words in brackets may be left out, a hash begins a comment):

=========================================  =======================================================
``every 1s``                               distance of the values on one line; 5 s unless told
``core <point>``                           a core linkage point, for the rules of warnings
``rule <point> above|below <number>        a limit; options, each after a comma: ``second stage``,
[for <time>][, <option>]…``                ``deadband <number>``, ``clears after <time>``,
                                           ``while <state> [or <state>]…``
``rule <point> silent for <time>[, …]``    missing data; only the option ``while``
``<time> [<point>:] <number>…``            samples; ``-`` stands for none
``<time> state <state>``                   the unit enters a state
``silence <time>``                         nothing is sent for so long after the line before
``at <time> rule …``                       a limit changes or is added
``at <time> drop <point> <slot>``          a limit is taken away
``at <time> acknowledge [<point> [slot]]`` a person has seen the alarm
``at <time> expect [<point> [slot]] <is>`` quiet, pending, raised, clearing, acknowledged, returned
``at <time> expect <level> warning``       blue, yellow, orange or red, or ``no warning``
=========================================  =======================================================

A slot is LL, L, H, HH or silent and may be left out where the point has one rule; the point
may be left out where there is one. States are idle, fill, start, steady, end, empty, their
numbers, or ``casting`` for the four in the middle. What is expected at a moment is what is
known once that moment's messages have come, and before its tick.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from guatu.core.alarms.errors import AlarmProblem, ScenarioProblem
from guatu.core.alarms.limits import AlarmLimit, Side, Slot
from guatu.core.alarms.running import CASTING

UNIT_STATES = {"idle": 0, "fill": 1, "start": 2, "steady": 3, "end": 4, "empty": 5}
LEVELS = {"no": 0, "blue": 1, "yellow": 2, "orange": 3, "red": 4}
STANDINGS = ("quiet", "pending", "raised", "clearing", "acknowledged", "returned")

_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}
_TIME = r"(?:\d+(?:ms|[smh]))+"
_NUMBER = r"[-+]?\d+(?:\.\d+)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """How long a point may be silent, and in which states."""

    after_ms: int
    states: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRule:
    """A limit or a watch begins to hold at a point; ``rule`` None takes the slot's away."""

    point: str
    slot: Slot
    rule: AlarmLimit | Watch | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """One sample of one point."""

    point: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterState:
    """The unit enters a state."""

    state: int


@dataclass(frozen=True, slots=True, kw_only=True)
class See:
    """A person acknowledges."""

    point: str
    slot: Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectStanding:
    """A slot is expected to stand so."""

    point: str
    slot: Slot
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectWarning:
    """A warning of this level is expected to be due; 0 for none."""

    level: int


What = SetRule | EnterState | Send | See | ExpectStanding | ExpectWarning
_ORDER = (SetRule, EnterState, Send, See, ExpectStanding, ExpectWarning)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something at a time, and the line that says it."""

    at_ms: int
    line: int
    text: str
    what: What


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A story to be played.

    Attributes:
        points: names, in the order they first appear.
        core: the core linkage points among them.
        moments: in playing order.
        end_ms: until when time goes on.
    """

    points: tuple[str, ...]
    core: frozenset[str]
    moments: tuple[Moment, ...]
    end_ms: int


def read(text: str) -> tuple[Scenario, list[ScenarioProblem]]:
    """Read a scenario.

    Returns:
        What could be read, and a problem for each line that could not: ``where`` is
        "line N", and the facts hold the line's ``text`` and, under ``mend``, the form that
        such a line has.
    """
    reader = _Reader()
    for number, raw in enumerate(text.splitlines(), start=1):
        line = " ".join(raw.split("#", 1)[0].split())
        if line:
            reader.read_line(number, line)
    reader.check_silences()
    moments = sorted(reader.moments, key=lambda m: (m.at_ms, _ORDER.index(type(m.what)), m.line))
    if not any(isinstance(m.what, ExpectStanding | ExpectWarning) for m in moments):
        mend = "at <time> expect <standing>"
        reader.problems.append(ScenarioProblem("nothing_expected", "line 0", text="", mend=mend))
    scenario = Scenario(
        points=tuple(reader.points),
        core=frozenset(reader.core),
        moments=tuple(moments),
        end_ms=reader.cursor_ms,
    )
    return scenario, reader.problems


class _Unreadable(Exception):
    """A line that cannot be read, with its code and the form it should have."""

    def __init__(self, code: str, mend: str) -> None:
        super().__init__(code)
        self.code, self.mend = code, mend


class _Reader:
    """The lines read so far."""

    def __init__(self) -> None:
        self.points: dict[str, set[Slot]] = {}
        self.core: set[str] = set()
        self.moments: list[Moment] = []
        self.silences: list[tuple[int, int]] = []
        self.problems: list[ScenarioProblem] = []
        self.cursor_ms = 0
        self.every_ms = 5000
        self.line, self.text = 0, ""

    def read_line(self, number: int, text: str) -> None:
        self.line, self.text = number, text
        try:
            for pattern, form, act in _LINES:
                found = re.fullmatch(pattern, text)
                if found:
                    act(self, found, form)
                    return
            self._note("unknown_line", "rule …, <time> <numbers>, silence <time> or at <time> …")
        except _Unreadable as problem:
            self._note(problem.code, problem.mend)
        except AlarmProblem as problem:
            self._note(problem.code, f"{problem.where}: {problem.facts}")

    def check_silences(self) -> None:
        for moment in self.moments:
            inside = any(start < moment.at_ms <= end for start, end in self.silences)
            if inside and isinstance(moment.what, Send):
                self.line, self.text = moment.line, moment.text
                self._note("sample_in_silence", "a time after the silence has ended")

    def _note(self, code: str, mend: str) -> None:
        where = f"line {self.line}"
        self.problems.append(ScenarioProblem(code, where, text=self.text, mend=mend))

    def add(self, at_ms: int, what: What) -> None:
        self.moments.append(Moment(at_ms=at_ms, line=self.line, text=self.text, what=what))
        self.cursor_ms = max(self.cursor_ms, at_ms)

    def every(self, found: re.Match[str], _form: str) -> None:
        self.every_ms = _time(found["time"])

    def name_core(self, found: re.Match[str], form: str) -> None:
        self.core.add(self._point(found["point"], form))

    def set_limit(self, found: re.Match[str], form: str) -> None:
        options = _options(found["options"], form)
        limit = AlarmLimit(
            side=Side.HIGH if found["side"] == "above" else Side.LOW,
            stage=2 if "second stage" in options else 1,
            value=float(found["value"]),
            deadband=float(options.get("deadband", 0)),
            on_delay_ms=_time(found["time"] or "0s"),
            off_delay_ms=_time(options.get("clears after", "0s")),
            states=_states(options.get("while", ""), form),
        )
        self._set_rule(found, limit.slot, limit)

    def set_watch(self, found: re.Match[str], form: str) -> None:
        options = _options(found["options"], form)
        if set(options) - {"while"}:
            raise _Unreadable("unknown_option", form)
        states = _states(options.get("while", ""), form)
        self._set_rule(found, Slot.MISSING, Watch(after_ms=_time(found["time"]), states=states))

    def _set_rule(self, found: re.Match[str], slot: Slot, rule: AlarmLimit | Watch) -> None:
        at_ms = _time(found["at"]) if found["at"] else 0
        self.points.setdefault(found["point"], set()).add(slot)
        self.add(at_ms, SetRule(point=found["point"], slot=slot, rule=rule))

    def drop_rule(self, found: re.Match[str], form: str) -> None:
        point, slot = self._target(found["target"], form)
        self.add(_time(found["at"]), SetRule(point=point, slot=slot, rule=None))

    def send(self, found: re.Match[str], form: str) -> None:
        point = self._point(found["point"] or "", form)
        start_ms = _time(found["at"])
        for place, word in enumerate(found["values"].split()):
            at_ms = start_ms + place * self.every_ms
            self.cursor_ms = max(self.cursor_ms, at_ms)
            if word != "-":
                self.add(at_ms, Send(point=point, value=float(word)))

    def enter_state(self, found: re.Match[str], form: str) -> None:
        (state,) = _states(found["state"], form) if found["state"] != "casting" else {-1}
        if state < 0:
            raise _Unreadable("not_one_state", form)
        self.add(_time(found["at"]), EnterState(state=state))

    def be_silent(self, found: re.Match[str], _form: str) -> None:
        start_ms, self.cursor_ms = self.cursor_ms, self.cursor_ms + _time(found["time"])
        self.silences.append((start_ms, self.cursor_ms))

    def see(self, found: re.Match[str], form: str) -> None:
        point, slot = self._target(found["target"] or "", form)
        self.add(_time(found["at"]), See(point=point, slot=slot))

    def expect_warning(self, found: re.Match[str], _form: str) -> None:
        self.add(_time(found["at"]), ExpectWarning(level=LEVELS[found["level"]]))

    def expect_standing(self, found: re.Match[str], form: str) -> None:
        if found["standing"] not in STANDINGS:
            raise _Unreadable("unknown_standing", form)
        point, slot = self._target(found["target"] or "", form)
        standing = found["standing"]
        self.add(_time(found["at"]), ExpectStanding(point=point, slot=slot, standing=standing))

    def _point(self, name: str, form: str) -> str:
        """Find a point by name; nameless is the only one."""
        if not name and len(self.points) == 1:
            return next(iter(self.points))
        if name not in self.points:
            raise _Unreadable("unknown_point" if name else "which_point", form)
        return name

    def _target(self, words: str, form: str) -> tuple[str, Slot]:
        """Find a point and a slot; what is left out must be the only one."""
        name, _, last = words.rpartition(" ")
        slots = {slot.name: slot for slot in Slot} | {"silent": Slot.MISSING}
        if last in slots:
            return self._point(name, form), slots[last]
        point = self._point(words, form)
        if len(self.points[point]) != 1:
            raise _Unreadable("which_slot", form)
        return point, next(iter(self.points[point]))


def _time(words: str) -> int:
    """Read a time such as 1m30s, in milliseconds."""
    return sum(int(n) * _UNIT_MS[unit] for n, unit in re.findall(r"(\d+)(ms|[smh])", words))


def _states(words: str, form: str) -> frozenset[int]:
    states: set[int] = set()
    for word in words.split(" or ") if words else []:
        if word == "casting":
            states |= CASTING
        elif word in UNIT_STATES or word.isdecimal():
            states.add(UNIT_STATES[word] if word in UNIT_STATES else int(word))
        else:
            raise _Unreadable("unknown_state", form)
    return frozenset(states)


_OPTIONS = {
    "second stage": r"",
    "deadband": r" (" + _NUMBER + ")",
    "clears after": r" (" + _TIME + ")",
    "while": r" (.+)",
}


def _options(words: str, form: str) -> dict[str, str]:
    options = {}
    for word in [part.strip() for part in words.split(",") if part.strip()]:
        found = next(_matches(word), None)
        if found is None:
            raise _Unreadable("unknown_option", form)
        options[found[0]] = found[1]
    return options


def _matches(word: str) -> Iterator[tuple[str, str]]:
    for name, pattern in _OPTIONS.items():
        found = re.fullmatch(name + pattern, word)
        if found:
            yield name, found[1] if found.groups() else ""


_POINT = r"(?P<point>[^:,]+?)"
_AT = rf"at (?P<at>{_TIME})"
_WHEN = rf"(?:{_AT} )?"
_MORE = r"(?P<options>(?:,.*)?)"
_LIMIT_FORM = (
    "rule <point> above|below <number> [for <time>][, second stage][, deadband <number>]"
    "[, clears after <time>][, while <state> [or <state>]]"
)

_LINES: tuple[tuple[str, str, Callable[[_Reader, re.Match[str], str], None]], ...] = (
    (rf"every (?P<time>{_TIME})", "every <time>", _Reader.every),
    (rf"core {_POINT}", "core <point that has a rule above>", _Reader.name_core),
    (
        rf"{_WHEN}rule {_POINT} (?P<side>above|below) (?P<value>{_NUMBER})"
        rf"(?: for (?P<time>{_TIME}))?{_MORE}",
        _LIMIT_FORM,
        _Reader.set_limit,
    ),
    (
        rf"{_WHEN}rule {_POINT} silent for (?P<time>{_TIME}){_MORE}",
        "rule <point> silent for <time>[, while <state> [or <state>]]",
        _Reader.set_watch,
    ),
    (rf"{_AT} drop (?P<target>.+)", "at <time> drop <point> <slot>", _Reader.drop_rule),
    (rf"silence (?P<time>{_TIME})", "silence <time>", _Reader.be_silent),
    (
        rf"{_AT} acknowledge(?: (?P<target>.+))?",
        "at <time> acknowledge [<point> [LL|L|H|HH|silent]]",
        _Reader.see,
    ),
    (
        rf"{_AT} expect (?P<level>{'|'.join(LEVELS)}) warning",
        "at <time> expect no|blue|yellow|orange|red warning",
        _Reader.expect_warning,
    ),
    (
        rf"{_AT} expect (?:(?P<target>.+) )?(?P<standing>\w+)",
        f"at <time> expect [<point> [LL|L|H|HH|silent]] {'|'.join(STANDINGS)}",
        _Reader.expect_standing,
    ),
    (
        rf"(?P<at>{_TIME}) state (?P<state>\w+)",
        f"<time> state {'|'.join(UNIT_STATES)}",
        _Reader.enter_state,
    ),
    (
        rf"(?P<at>{_TIME}) (?:{_POINT}: ?)?(?P<values>(?:{_NUMBER}|-)(?: (?:{_NUMBER}|-))*)",
        "<time> [<point>:] <number or -> …",
        _Reader.send,
    ),
)
