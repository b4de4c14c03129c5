"""Sentences of the command line, in the operator's language."""

import os
from collections.abc import Mapping


def language(environ: Mapping[str, str] | None = None) -> str:
    """Choose the operator's language.

    Args:
        environ: the environment; the process's own by default.

    Returns:
        `zh` or `en` where `GUATU_LANG` or the locale says so, otherwise `both`.
    """
    environ = os.environ if environ is None else environ
    for name in ("GUATU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environ.get(name, "").lower()
        if value.startswith("zh"):
            return "zh"
        if value.startswith("en"):
            return "en"
    return "both"


def say(zh: str, en: str, *, separator: str = "\n") -> str:
    """Give a sentence in the operator's language, or in both where none is chosen."""
    chosen = language()
    if chosen == "zh":
        return zh
    if chosen == "en":
        return en
    return f"{zh}{separator}{en}"


def hint(zh: str, en: str) -> str:
    """Give a line of `--help`, on one line and safe from argparse's own percent signs."""
    return say(zh, en, separator=" / ").replace("%", "%%")
