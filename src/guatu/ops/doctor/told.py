"""What the doctor found, one line a finding."""

from dataclasses import dataclass
from enum import Enum

from guatu.ops.words import say


class Tone(Enum):
    """How grave a finding is."""

    GOOD = "✓"
    REMARK = "▲"
    BAD = "■"


@dataclass(frozen=True, slots=True)
class Told:
    """A finding.

    Attributes:
        tone: how grave.
        what: what was looked at and how it is, in the operator's language.
        do: what to do; empty where there is nothing.
    """

    tone: Tone
    what: str
    do: str = ""

    def __str__(self) -> str:
        """One line, and a second one that says what to do."""
        what = self.what.replace("\n", "\n  ")
        return f"{self.tone.value} {what}" + (
            f"\n    → {self.do.replace(chr(10), chr(10) + '      ')}" if self.do else ""
        )


def good(zh: str, en: str) -> Told:
    """Something that is as it should be."""
    return Told(Tone.GOOD, say(zh, en, separator=" / "))


def remark(what: tuple[str, str], do: tuple[str, str]) -> Told:
    """Something to be looked at soon; each word in Chinese and English."""
    return Told(Tone.REMARK, say(*what), say(*do))


def bad(what: tuple[str, str], do: tuple[str, str]) -> Told:
    """Something that keeps the house from its work; each word in Chinese and English."""
    return Told(Tone.BAD, say(*what), say(*do))
