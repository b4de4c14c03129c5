"""What a hook is sent: the standard body for programs, or a template that its owner wrote.

A template is JSON in whose texts `${name}` stands for a fact. It is read as JSON first and filled
afterwards, so no fact can break out of its text, whatever signs are in it.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST: Final = 8000
FACTS: Final[Mapping[str, str | Promise]] = {
    "title": _("what it is about"),
    "what": _("what happened: raised, handed over, urged …"),
    "line": _("what more there is to say"),
    "level": _("the level as a word"),
    "number": _("number of the warning"),
    "organisation": _("where it arose"),
    "url": _("address of its page; needs GUATU_PUBLIC_URL"),
    "time": _("when it happened"),
    "more": _("“and 3 more” where several go in one call, else nothing"),
    "name": _("name of the person told"),
    "phone": _("telephone of the person told"),
}

PRESETS: Final[Mapping[str, str]] = {
    "wecom": json.dumps(
        {
            "msgtype": "markdown",
            "markdown": {
                "content": "**${level} ${what}**\n${organisation} ${title}\n${line}\n${number} "
                "${time} ${more}\n${url}"
            },
        },
        ensure_ascii=False,
        indent=2,
    ),
    "dingtalk": json.dumps(
        {
            "msgtype": "text",
            "text": {
                "content": "${level} ${what}: ${organisation} ${title} ${line} ${number} ${time} "
                "${more} ${url}"
            },
        },
        ensure_ascii=False,
        indent=2,
    ),
    "feishu": json.dumps(
        {
            "msg_type": "text",
            "content": {
                "text": "${level} ${what}: ${organisation} ${title} ${line} ${number} ${time} "
                "${more} ${url}"
            },
        },
        ensure_ascii=False,
        indent=2,
    ),
    "sms": json.dumps(
        {
            "phone": "${phone}",
            "content": "${level} ${what}: ${organisation} ${title} ${number} ${more}",
        },
        ensure_ascii=False,
        indent=2,
    ),
}
"""Templates to begin with: 企业微信, 钉钉 and 飞书 group robots, a text-message gateway."""

_PLACE = re.compile(r"\$\{([^{}$]*)\}")


class TemplateError(ValueError):
    """A template that cannot be sent.

    Attributes:
        code: "json", "object", "unknown" or "long".
        facts: what the sentence about it names.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def check(template: str) -> None:
    """Look at a template as it was written.

    Raises:
        TemplateError: if it is no JSON object, too long, or names a fact that there is not.
    """
    if len(template) > LONGEST:
        raise TemplateError("long", most=LONGEST)
    try:
        read = json.loads(template)
    except json.JSONDecodeError as error:
        raise TemplateError("json", line=error.lineno, column=error.colno) from error
    except RecursionError as error:
        raise TemplateError("json", line=1, column=1) from error
    if not isinstance(read, dict):
        raise TemplateError("object")
    unknown = sorted(set(_PLACE.findall(template)) - set(FACTS))
    if unknown:
        raise TemplateError("unknown", names=", ".join(unknown))


def filled(template: str, facts: Mapping[str, str]) -> bytes:
    """The body that a template makes of facts, as UTF-8 JSON."""
    body = _filled(json.loads(template), facts)
    return json.dumps(body, ensure_ascii=False).encode()


def _filled(part: Any, facts: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(part, str):
        return _PLACE.sub(lambda found: facts.get(found[1], ""), part)
    if isinstance(part, list):
        return [_filled(one, facts) for one in part]
    if isinstance(part, dict):
        return {key: _filled(one, facts) for key, one in part.items()}
    return part
