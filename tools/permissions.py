"""Write the permission table of the documentation from the table that the program asks.

python tools/permissions.py            write docs/permissions.md and docs/permissions.zh-CN.md
python tools/permissions.py --check    change nothing; tell whether they are stale
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import django
from django.utils import translation

from guatu.core.nouns.warning import VERBS, Party, Verb

DOCS = Path(__file__).resolve().parent.parent / "docs"
FILES = {"en": DOCS / "permissions.md", "zh-hans": DOCS / "permissions.zh-CN.md"}
FREE = {"anyone signed in": "*", "oneself": "*", "sees the warning": "business"}
TITLES = {
    "en": (
        "Who may do what",
        "Written by `tools/permissions.py` from the table that every page and action asks; a test "
        "refuses it when it is stale. Rows are verbs as the program names them, columns are roles.",
        "Verb",
    ),
    "zh-hans": (
        "权限表",
        "由 `tools/permissions.py` 按程序实际询问的权限表生成；过期时测试不通过。"
        "行是程序中的动作名，列是角色。",
        "动作",
    ),
}
WORDS = {
    "scope": ("in scope", "范围内"),
    "own": ("own organisation", "本机构"),
    "self": ("own account", "本人账号"),
    "others": ("in scope, not oneself", "范围内，本人除外"),
    "seat": ("own bureau", "本局"),
    "climbed": ("once climbed to the own rung", "升级到本级后"),
}
NOTES = {
    "en": (
        "- **in scope**: the thing lies in the region, or in the organisation and all below it, "
        "over which the role was granted; a role held elsewhere counts nothing here.",
        "- **own organisation**: the organisation over which the role was granted, and all below "
        "it.",
        "- **own bureau**: what was handed over to the bureau where the duty officer sits.",
        "- What lies outside a person's sight answers 404, as if it were not there; what he sees "
        "but may not do answers 403.",
        "- System administrator, security administrator and auditor are never held by one person "
        "together, nor with a business role (GB/T 22239), and nobody grants to himself.",
    ),
    "zh-hans": (
        "- **范围内**：对象位于授权的区域之内，或授权机构及其下级之内；在别处的角色在此无效。",
        "- **本机构**：授权的机构及其全部下级。",
        "- **本局**：转办到值班员所在局的事项。",
        "- 看不到的对象一律答复 404，如同不存在；看得到但无权办理的答复 403。",
        "- 系统管理员、安全管理员、审计员三权分立（GB/T 22239）：不得由一人兼任，"
        "也不得兼任业务角色，任何人不得给自己授权。",
    ),
}
PARTIES = {
    Party.OWNER: {"plant_safety_officer": "own", "responsible_unit": "own", "duty_officer": "seat"},
    Party.DUTY_OFFICER: {"duty_officer": "scope"},
    Party.SUPERVISOR: {"supervisor": "scope"},
    Party.CLIMBED_TO: {"duty_officer": "climbed"},
}
WIDEST = ("scope", "others", "own", "climbed", "seat", "self")


class UnknownPredicateError(ValueError):
    """A predicate that this tool cannot put into words: teach it here, or the page would lie."""


def cells(name: str) -> dict[str, set[str]]:
    """What a predicate's name allows: for each role the keys of `WORDS`.

    Raises:
        UnknownPredicateError: if a part of the name is not known here.
    """
    from guatu.web.people.models import BUSINESS, OF_AN_ORGANISATION, Role  # noqa: PLC0415

    found: dict[str, set[str]] = {}
    rest = name
    for one in re.finditer(r"role:([a-z_|]+)", name):
        rest = rest.replace(one[0], "", 1)
        for role in one[1].split("|"):
            word = "own" if role in OF_AN_ORGANISATION else "scope"
            found.setdefault(role, set()).add("others" if "~oneself" in name else word)
    rest = rest.replace("~oneself", "")
    for words, who in FREE.items():
        if words in rest:
            rest = rest.replace(words, "")
            for role in Role if who == "*" else BUSINESS:
                own = "own" if role in OF_AN_ORGANISATION else "scope"
                found.setdefault(role, set()).add("self" if who == "*" else own)
    if match := re.search(r"warning party:(\w+)", rest):
        rest = rest.replace(match[0], "")
        for party in VERBS[Verb(match[1])].parties:
            for role, word in PARTIES[party].items():
                found.setdefault(role, set()).add(word)
    if left := rest.strip(" ()&|"):
        raise UnknownPredicateError(left)
    return found


def _cell(keys: set[str], language: str) -> str:
    if "scope" in keys:
        keys = {"scope"}
    column = 0 if language == "en" else 1
    return "; ".join(WORDS[key][column] for key in WIDEST if key in keys)


def page(language: str) -> str:
    """The page in a language, "en" or "zh-hans"."""
    from guatu.web.people import permission  # noqa: PLC0415 - after Django's set-up
    from guatu.web.people.models import Role  # noqa: PLC0415 - the same

    title, about, verb_word = TITLES[language]
    with translation.override(language):
        roles = [str(role.label) for role in Role]
        lines = [f"# {title}", "", about, "", *NOTES[language], ""]
        lines += [_row([verb_word, *roles]), _row(["---"] * (len(roles) + 1))]
        for verb, predicate in permission.table().items():
            allowed = cells(predicate.name)
            lines.append(
                _row([f"`{verb}`", *(_cell(allowed.get(role, set()), language) for role in Role)])
            )
    return "\n".join(lines) + "\n"


def _row(texts: Iterable[str]) -> str:
    return "| " + " | ".join(texts) + " |"


def main(arguments: list[str]) -> int:
    """Write both pages, or with --check say which are stale."""
    django.setup()
    stale = [
        path
        for language, path in FILES.items()
        if not path.exists() or path.read_text(encoding="utf-8") != page(language)
    ]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.name} is stale: run tools/permissions.py")
        return 1 if stale else 0
    for language, path in FILES.items():
        path.write_text(page(language), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
