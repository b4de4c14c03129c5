"""Keep every app's Chinese catalogue in step with its source, without gettext on the machine.

    python tools/catalogues.py              extract, update and compile all apps
    python tools/catalogues.py wall people  only these
    python tools/catalogues.py --check      change nothing; tell what is missing, fuzzy or stale

Msgids are English and stand in the source, so English needs no catalogue. New strings appear in
src/guatu/web/<app>/locale/zh_Hans/LC_MESSAGES/django.po with an empty msgstr: translate them, run
this again, commit both the .po and the .mo.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

WEB = Path(__file__).resolve().parent.parent / "src" / "guatu" / "web"
LOCALE = "zh_Hans"
# Which arguments of which call are text: babel's notation, "c" is a context.
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|\{(\w*)\}")
BARE = re.compile(r"(?<!%)(?:%%)*%[sdifr]")
# Dates in the header would change at every run and say nothing that git does not.
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

Key = tuple[str | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A text in the source.

    Attributes:
        ids: the msgid, or singular and plural.
        context: the msgctxt, if any.
        where: the file, relative to the app.
    """

    ids: str | tuple[str, str]
    context: str | None
    where: str

    @property
    def key(self) -> Key:
        """What a catalogue knows it by."""
        return self.context, self.ids if isinstance(self.ids, str) else self.ids[0]


def apps() -> list[str]:
    """The apps that have something to say: every package of the web with an apps.py."""
    return sorted(path.parent.name for path in WEB.glob("*/apps.py"))


def po_path(app: str) -> Path:
    """Where an app's Chinese lies; the compiled file lies beside it."""
    return WEB / app / "locale" / LOCALE / "LC_MESSAGES" / "django.po"


def _sources(app: str) -> Iterator[Path]:
    room = WEB / app
    yield from sorted(p for p in room.rglob("*.py") if "migrations" not in p.parts)
    yield from sorted(
        p for suffix in ("html", "txt") for p in room.rglob(f"templates/**/*.{suffix}")
    )
    if app == "shell":  # what lies beside the apps speaks through the shell
        yield from sorted(WEB.glob("*.py"))


def _as_python(path: Path) -> bytes:
    """A file's text as something Python's tokenizer reads: templates become gettext calls."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text.encode()
    calls = templatize(text, origin=str(path))
    # Lines lose their indentation, which means nothing there and something in Python.
    return "\n".join(line.lstrip() for line in calls.splitlines()).encode()


def extract(app: str) -> list[Found]:
    """All texts of an app, in the order of its files."""
    found = []
    for path in _sources(app):
        where = (
            path.relative_to(WEB / app).as_posix() if path.is_relative_to(WEB / app) else path.name
        )
        calls = extract_python(io.BytesIO(_as_python(path)), KEYWORDS, [], {})
        for _line, name, arguments, _comments in calls:
            if (one := _found(str(name), arguments, where)) is not None:
                found.append(one)
    return found


def _found(name: str, arguments: object, where: str) -> Found | None:
    texts = list(arguments) if isinstance(arguments, (tuple, list)) else [arguments]
    spec = KEYWORDS[name] or (1,)
    context = None
    ids: list[str] = []
    for part in spec:
        index = (part if isinstance(part, int) else part[0]) - 1
        text = texts[index] if index < len(texts) else None
        if not isinstance(text, str) or not text:
            return None  # a variable: it was marked where it was written
        if isinstance(part, int):
            ids.append(text)
        else:
            context = text
    return Found(ids=ids[0] if len(ids) == 1 else (ids[0], ids[1]), context=context, where=where)


def _catalogue(found: Iterable[Found] = ()) -> Catalog:
    catalogue = Catalog(
        locale=LOCALE,
        domain="django",
        project="guatu",
        version="1",
        header_comment="# Chinese of Guatu. Kept in step with the source by tools/catalogues.py.",
        msgid_bugs_address="none",
        copyright_holder="The Guatu founders",
        creation_date=LONG_AGO,
        revision_date=LONG_AGO,
        last_translator="Guatu",
        language_team="Guatu",
        fuzzy=False,
    )
    for one in found:
        catalogue.add(one.ids, locations=[(one.where, 0)], context=one.context)
    return catalogue


def _read(app: str) -> Catalog:
    path = po_path(app)
    if not path.exists():
        return _catalogue()
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE, domain="django")


def _entries(catalogue: Catalog) -> dict[Key, Message]:
    return {(m.context, m.id if isinstance(m.id, str) else m.id[0]): m for m in catalogue if m.id}


def _updated(app: str) -> Catalog:
    """The source's texts with the translations that the catalogue has for them."""
    fresh, known = _catalogue(extract(app)), _entries(_read(app))
    for key, message in _entries(fresh).items():
        old = known.get(key)
        if old is None:
            continue
        wants_plural = isinstance(message.id, (tuple, list))
        text = _texts(old)[0]
        message.string = (text,) if wants_plural else text
        message.flags |= old.flags & {"fuzzy"}
        message.user_comments = old.user_comments
    return fresh


def _po(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_po(
        out, catalogue, width=100, sort_output=True, include_lineno=False, ignore_obsolete=True
    )
    return out.getvalue()


def _mo(catalogue: Catalog) -> bytes:
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def update(app: str) -> int:
    """Bring an app's catalogue to its source and compile it.

    Returns:
        How many texts are still without Chinese.
    """
    path = po_path(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = _updated(app)
    for target, content in ((path, _po(catalogue)), (path.with_suffix(".mo"), _mo(catalogue))):
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    return sum(1 for problem in check(app) if "no Chinese" in problem)


def _texts(message: Message) -> list[str]:
    strings = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return [text or "" for text in strings]


def _placeholders(text: str) -> set[str]:
    return {a or b for a, b in PLACEHOLDER.findall(text)}


def _complaints(message: Message) -> Iterator[str]:
    ids = list(message.id) if isinstance(message.id, (tuple, list)) else [message.id]
    # A singular may leave out the number that its plural names.
    named = set().union(*(_placeholders(text) for text in ids))
    if any(BARE.search(text) for text in ids):
        yield "bare %s: name the placeholder"
    if message.fuzzy:
        yield "fuzzy"
    for text in _texts(message):
        if not text:
            yield "no Chinese"
        elif _placeholders(text) != named:
            yield f"placeholders differ: {sorted(named)} / {sorted(_placeholders(text))}"
        elif ids[0].endswith("\n") != text.endswith("\n"):
            yield "one ends with a line break, the other does not"


def check(app: str) -> list[str]:
    """Everything wrong with an app's catalogue, one sentence each; empty means complete."""
    found = {one.key: one for one in extract(app)}
    catalogue = _read(app)
    entries = _entries(catalogue)
    problems = [
        f"{app}: {found[key].where}: no Chinese yet: {key[1]!r}"
        for key in found
        if key not in entries
    ]
    problems += [
        f"{app}: stale, in no file any more: {key[1]!r}" for key in entries if key not in found
    ]
    problems += [
        f"{app}: {key[1]!r}: {complaint}"
        for key, message in entries.items()
        for complaint in _complaints(message)
    ]
    compiled = po_path(app).with_suffix(".mo")
    if entries and _compiled_texts(compiled) != _translated_texts(catalogue):
        problems.append(f"{app}: the compiled catalogue is not that of the .po")
    return problems


def _translated_texts(catalogue: Catalog) -> dict[Key, list[str]]:
    """What a compiled catalogue holds of this one: all that has Chinese and is not in doubt."""
    return {
        key: _texts(message)
        for key, message in _entries(catalogue).items()
        if any(_texts(message)) and not message.fuzzy
    }


def _compiled_texts(path: Path) -> dict[Key, list[str]]:
    if not path.exists():
        return {}
    with path.open("rb") as file:
        texts = _translated_texts(read_mo(file))
    # Babel leaves the contexts of a compiled catalogue undecoded, whatever its types say.
    contexts: dict[Any, str | None] = {key[0]: _decoded(key[0]) for key in texts}
    return {(contexts[context], msgid): text for (context, msgid), text in texts.items()}


def _decoded(context: object) -> str | None:
    return context.decode() if isinstance(context, bytes) else cast("str | None", context)


def conflicts(names: Iterable[str]) -> list[str]:
    """Texts that two apps translate differently: the reader would see whichever is loaded first."""
    seen: dict[Key, tuple[str, list[str]]] = {}
    problems = []
    for app in names:
        for key, message in _entries(_read(app)).items():
            other, texts = seen.setdefault(key, (app, _texts(message)))
            if texts != _texts(message):
                problems.append(
                    f"{key[1]!r} is {texts} in {other} and {_texts(message)} in {app}:"
                    " agree, or give one of them a context (pgettext)"
                )
    return problems


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("apps", nargs="*", help="apps by name; all when none is named")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 if not complete"
    )
    options = parser.parse_args(arguments)
    names = options.apps or apps()
    if not options.check:
        for app in names:
            update(app)
    problems = [problem for app in names for problem in check(app)] + conflicts(apps())
    for problem in problems:
        sys.stdout.write(problem + "\n")
    sys.stdout.write(f"{len(names)} apps, {len(problems)} problems\n")
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
