"""What a plant's vendor is told when a message is refused: a code, a place, a sentence.

The sentences live here and not in the web's catalogue because a vendor reads them in a log file
of a plant, in the two languages at once, and because an agent installs no web framework.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Facts = dict[str, str | int | float]

SENTENCES: dict[str, tuple[str, str]] = {
    "bad_json": ("报文不是合法的 JSON:{detail}", "The body is not valid JSON: {detail}"),
    "bad_shape": (
        "{where} 的结构不符合要求,应为{expected_zh}。",
        "{where} has the wrong shape; expected {expected_en}.",
    ),
    "missing_field": ("缺少必填字段 {where}。", "The required field {where} is missing."),
    "bad_number": (
        "{where} 应为不小于 {low} 且不大于 {high} 的整数。",
        "{where} must be a whole number from {low} to {high}.",
    ),
    "bad_time": (
        "{where} 的时间不可用:时间为自 1970 年起的 UTC 毫秒数,须严格递增,且不得超前 10 分钟以上。",
        "{where} is not a usable time: times are UTC milliseconds since 1970, strictly rising, "
        "and at most 10 minutes ahead.",
    ),
    "doubled_point": (
        "{where} 的测点编码在同一报文中重复出现。",
        "{where} repeats a point code within one beat.",
    ),
    "too_many_samples": (
        "一条报文最多 {limit} 个样本,本条为 {count} 个,请拆分后发送。",
        "A beat carries at most {limit} samples, this one {count}; split it.",
    ),
    "too_large": (
        "报文超过 {limit} 字节,请拆分后发送。",
        "The body exceeds {limit} bytes; split it.",
    ),
    "unknown_key": (
        "接入密钥缺失、错误或已吊销。请在请求头 Authorization: Bearer 中提供企业接入密钥。",
        "The plant key is missing, wrong or revoked. Send it as Authorization: Bearer.",
    ),
    "not_found": ("没有这个地址:{where}", "There is no such address: {where}"),
    "wrong_method": ("此地址不支持 {method} 方法。", "This address does not take {method}."),
    "slow_down": (
        "平台积压较多,请在 {seconds} 秒后用同一报文序号重发。",
        "The platform is behind; send the same beat again after {seconds} s.",
    ),
    "log_unavailable": (
        "平台暂时无法落盘,请在 {seconds} 秒后用同一报文序号重发。",
        "The platform cannot store right now; send the same beat again after {seconds} s.",
    ),
    "unknown_kind": (
        "{where} 的取值不在允许范围内:{allowed}。",
        "{where} must be one of {allowed}.",
    ),
    "bad_code": (
        "{where} 应为 1 至 {limit} 个字符的文本。",
        "{where} must be a text of 1 to {limit} characters.",
    ),
    "doubled_id": ("{where} 的编号重复。", "{where} repeats an id."),
    "unknown_unit": ("{where} 所属单元不存在。", "{where} names a unit that does not exist."),
    "bad_limit": ("{where} 的限值设置不成立:{detail}", "{where} is not a possible limit: {detail}"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and the facts its sentence needs.

    Args:
        code: a key of `SENTENCES`.
        where: a JSON path such as ``$.t[3]``.
        facts: values named in the sentence.
    """

    code: str
    where: str = "$"
    facts: Facts = field(default_factory=dict)

    def message(self) -> dict[str, str]:
        """Say it in Chinese and English."""
        chinese, english = SENTENCES[self.code]
        facts = {"where": self.where, **self.facts}
        return {"zh": chinese.format_map(facts), "en": english.format_map(facts)}

    def as_json(self) -> dict[str, object]:
        """Give the body of a refusal."""
        return {"code": self.code, "where": self.where, "message": self.message()}


class RefusedError(ValueError):
    """A message that cannot be taken as a whole; carries the first problem found."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.code} at {problem.where}")
        self.problem = problem
