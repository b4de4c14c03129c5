"""The words of a warning's life: levels, states, verdicts, rungs, parties, verbs, refusals."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """How grave the gap is; a higher number is graver (the four colours of Chinese practice)."""

    BLUE = 1
    YELLOW = 2
    ORANGE = 3
    RED = 4


class State(StrEnum):
    """How far a warning has come on its way to closure."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    VERIFIED = "verified"
    HANDLED = "handled"
    FED_BACK = "fed_back"
    CLOSED = "closed"


class Verdict(StrEnum):
    """What the duty officer found: a danger, none, or somebody's test."""

    TRUE = "true"
    FALSE = "false"
    TEST = "test"


class Rung(IntEnum):
    """Who has been told: the ladder an overdue warning climbs, by time alone."""

    PLANT = 0
    COUNTY = 1
    PREFECTURE = 2
    PROVINCE = 3


class Party(StrEnum):
    """What a person is to one warning (a role alone says too little: which plant's officer?)."""

    OWNER = "owner"  # the officer of the organisation that owns the warning
    CLIMBED_TO = "climbed_to"  # on duty at a bureau that an overdue warning has climbed to
    DUTY_OFFICER = "duty_officer"  # on duty in a region that holds the warning
    SUPERVISOR = "supervisor"  # supervising a region that holds the warning
    CLOCK = "clock"  # nobody: time alone


class Verb(StrEnum):
    """What can be done with a warning."""

    ACKNOWLEDGE = "acknowledge"
    VERIFY = "verify"
    HANDLE = "handle"
    FEED_BACK = "feed_back"
    CLOSE = "close"
    HAND_OVER = "hand_over"
    URGE = "urge"
    ESCALATE = "escalate"
    REOPEN = "reopen"
    ADD_NOTE = "add_note"


class Need(StrEnum):
    """What a verb asks for before it is done."""

    NOTE = "note"
    NOTE_UNLESS_TRUE = "note_unless_true"  # a danger denied needs a reason, one confirmed does not
    NOTE_IF_GRAVE = "note_if_grave"  # orange and red never end without words
    VERDICT = "verdict"
    ORGANISATION = "organisation"


class Refusal(StrEnum):
    """Why a verb is refused; the web makes a sentence of it."""

    NOT_YOURS = "not_yours"
    WRONG_STATE = "wrong_state"
    NOT_VERIFIED = "not_verified"
    NOT_A_DANGER = "not_a_danger"
    DANGER_NOT_HANDLED = "danger_not_handled"
    NEEDS_NOTE = "needs_note"
    NEEDS_VERDICT = "needs_verdict"
    NEEDS_ORGANISATION = "needs_organisation"
    SAME_VERDICT = "same_verdict"


class DueKind(StrEnum):
    """Which of its two deadlines a warning is running against."""

    ACKNOWLEDGE = "acknowledge"
    HANDLE = "handle"
