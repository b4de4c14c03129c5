"""Words typed by people, as they may be kept: seen as they are stored, and not merely seeming."""

from __future__ import annotations

import unicodedata
from typing import Final

_DIRECTING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""They turn the order in which the letters around them are shown: a line could read otherwise than
it is stored."""
_NOTHING: Final = frozenset("\u00ad\u034f\u180e\u200b\u2060\u2061\u2062\u2063\u2064\ufeff")
"""Neither seen nor of use in any script; the joiners (U+200C, U+200D) are of use and stay."""
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols by their class, blank to the eye."""
_KEPT_CONTROLS: Final = frozenset("\n\t")


def plain(text: str) -> str:
    """Give a text as it may be kept: no hidden characters, and nothing where nothing is seen.

    Args:
        text: as it was typed.

    Returns:
        The text without controls of direction, invisible fillers and control characters other
        than line ends and tabs, and without blanks around it; empty where no character is seen.
    """
    ends = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in ends if not _is_hidden(c)).strip()
    return kept if any(_is_seen(c) for c in kept) else ""


def _is_hidden(character: str) -> bool:
    if character in _DIRECTING or character in _NOTHING:
        return True
    if character in _KEPT_CONTROLS:
        return False
    # Controls, lone halves of a character, and the tags that spell a second text unseen.
    return (
        unicodedata.category(character) in {"Cc", "Cs"} or "\U000e0000" <= character < "\U000e0080"
    )


def _is_seen(character: str) -> bool:
    # Marks alone have no letter to stand on; separators and format characters show nothing.
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK_LETTERS
