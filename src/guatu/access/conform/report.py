"""What a check found, in words: Chinese first, English below, or as JSON."""

from __future__ import annotations

from typing import Any

from guatu.access.conform.judge import ADVICE, ERROR, Conformance, Finding

VERSION = "GUATU-ACCESS 1.0"

LEVELS = {ERROR: ("必须改正", "must be mended"), ADVICE: ("建议", "advice")}
FORMS = {
    "json": ("JSON 数据包", "JSON beats"),
    "raw": ("二进制数据包", "raw beats"),
    "heartbeat": ("心跳", "heartbeats"),
    "alarms": ("自有报警报文", "messages of own alarms"),
    "refused": ("整条拒收", "refused as a whole"),
}


def as_json(checked: Conformance) -> dict[str, Any]:
    """Give the report for a program."""
    return {
        "specification": VERSION,
        "conforms": not checked.errors,
        "messages": dict(checked.messages),
        "samples": dict(checked.samples),
        "findings": [
            {
                "level": finding.level,
                "code": finding.problem.code,
                "count": finding.count,
                "places": finding.places,
                "message": finding.problem.message(),
            }
            for finding in _ordered(checked)
        ],
    }


def in_words(checked: Conformance, language: str) -> str:
    """Give the report for a reader.

    Args:
        checked: a check that was concluded.
        language: ``zh``, ``en``, or ``both``.
    """
    halves = [_words(checked, one) for one in ("zh", "en") if language in (one, "both")]
    return "\n\n".join(halves)


def _ordered(checked: Conformance) -> list[Finding]:
    found = checked.findings.values()
    return sorted(found, key=lambda f: (f.level != ERROR, -f.count, f.problem.code))


def _words(checked: Conformance, language: str) -> str:
    is_zh = language == "zh"
    at = 0 if is_zh else 1
    total = sum(checked.samples.values())
    lines = [f"{VERSION} " + ("接入规范符合性检查" if is_zh else "conformance check"), ""]
    counted = [f"{FORMS[form][at]} {n}" for form, n in checked.messages.items() if n]
    separator = "、" if is_zh else ", "
    if is_zh:
        lines.append(f"报文:{separator.join(counted) or '无'}。")
        lines.append(f"样本:共 {total} 个,合格 {checked.samples['accepted']} 个。")
    else:
        lines.append(f"Messages: {separator.join(counted) or 'none'}.")
        lines.append(f"Samples: {total} in all, {checked.samples['accepted']} good.")
    for number, finding in enumerate(_ordered(checked), start=1):
        said = finding.problem.message()[language]
        times = f"{finding.count} 次" if is_zh else f"{finding.count} times"
        where = "位置" if is_zh else "where"
        lines += ["", f"{number}. [{LEVELS[finding.level][at]}] {said} ({times})"]
        lines.append(f"   {where}: {'; '.join(finding.places)}")
    lines += ["", _verdict(checked, is_zh=is_zh)]
    return "\n".join(lines)


def _verdict(checked: Conformance, *, is_zh: bool) -> str:
    errors = checked.errors
    if is_zh:
        return "结论:符合规范。" if not errors else f"结论:不符合规范,有 {errors} 类问题必须改正。"
    if not errors:
        return "Verdict: conforms."
    return f"Verdict: does not conform; {errors} kinds of problem must be mended."
