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
    "bad_real": (
        "{where} 应为 {low:g} 至 {high:g} 之间的数值。",
        "{where} must be a number from {low:g} to {high:g}.",
    ),
    "missing_column": (
        "{where}:表头缺少必填列,应为以下之一:{allowed}。",
        "{where}: the heading lacks a column that is needed, one of: {allowed}.",
    ),
    "bad_time": (
        "{where} 的时间不可用:时间为自 1970 年起的 UTC 毫秒整数,且须严格递增。",
        "{where} is not a usable time: times are whole UTC milliseconds since 1970, "
        "strictly rising.",
    ),
    "doubled_mark": (
        "{where} 对同一样本重复给出质量码。",
        "{where} gives a quality twice for the same sample.",
    ),
    "raw_head": (
        "二进制报文须以 {magic} 开头,报文头为 {size} 字节。",
        "A raw beat begins with {magic} and a head of {size} bytes.",
    ),
    "raw_length": (
        "二进制报文长度与报文头不符:按报文头应为 {expected} 字节,实为 {size} 字节,可能未传完整。",
        "The raw beat's length differs from its head: {expected} bytes by the head, {size} "
        "received; it may have been cut short.",
    ),
    "bad_encoding": (
        "报文的 gzip 压缩不完整或已损坏。",
        "The body's gzip compression is incomplete or damaged.",
    ),
    "unknown_media": (
        "不支持的内容类型或压缩方式:{where}。可用:{allowed}。",
        "Unknown content type or encoding: {where}. Use one of {allowed}.",
    ),
    "too_slow": (
        "报文在 {limit} 秒内没有传完,连接已中止。",
        "The body did not arrive within {limit} s.",
    ),
    "too_fast": (
        "本企业发送过快(每秒 {limit} 个{what_zh}为上限),请在 {seconds} 秒后重发。",
        "This plant sends too fast (at most {limit} {what_en} a second); send again after "
        "{seconds} s.",
    ),
    "unknown_point": (
        "测点编码未登记,样本未入库;请核对点表,或向主管部门登记该测点。",
        "The point code is not registered, so the sample was left out; check the point table or "
        "have the point registered.",
    ),
    "not_a_number": (
        "值不是有限数值(文本、布尔、NaN 或无穷大),样本未入库;无数据时请用 null。",
        "The value is no finite number (a text, a boolean, NaN or infinity), so the sample was "
        "left out; where there is none, send null.",
    ),
    "out_of_physical_range": (
        "值超出该测点登记的物理量程,样本未入库;请核对单位、倍率和传感器。",
        "The value lies outside the point's registered physical range, so the sample was left "
        "out; check unit, scale and sensor.",
    ),
    "future_time": (
        "时间比平台时钟超前 10 分钟以上,样本未入库;请校准采集设备时钟(NTP)。",
        "The time is more than 10 minutes ahead of the platform's clock, so the sample was left "
        "out; set the device's clock (NTP).",
    ),
    "ancient_time": (
        "时间早于 2000 年,样本未入库;采集设备的时钟没有设置。",
        "The time lies before the year 2000, so the sample was left out; the device's clock was "
        "never set.",
    ),
    "alarm_of_unknown_point": (
        "自有报警所属测点 {where} 未登记;报警照常记录,但不能关联到测点。",
        "An own alarm names the point {where}, which is not registered; the alarm is recorded, "
        "tied to no point.",
    ),
    "unnamed_quality": (
        "质量码 {quality} 未在规范中定义,将按所在区间处理。",
        "Quality {quality} has no meaning of its own; it is taken by its band.",
    ),
    "reused_number": (
        "编号 {epoch}/{beat} 用于两条内容不同的报文,后一条会被当作重复而丢弃;"
        "每条新报文须使用新的编号。",
        "Number {epoch}/{beat} names two different messages, and the later one is dropped as a "
        "double; give each new message a new number.",
    ),
    "no_beats": ("没有收到任何数据包。", "No beat was received."),
    "numbers_missing": (
        "报文编号不连续,缺 {count} 个;断线期间的报文应在恢复后补发。",
        "{count} beat numbers are missing; what could not be sent must be sent later.",
    ),
    "many_epochs": (
        "出现了 {count} 个编号系列;编号应保存在设备上,重启后接着使用,不要每次重启都换系列。",
        "{count} epochs were used; keep the count on the device over restarts.",
    ),
    "no_sent": (
        "报文没有发送时间 sent,平台无法测量设备时钟偏差;建议每次发送时填写。",
        "No message says when it was sent, so the device's clock cannot be measured; fill in "
        "`sent` at each sending.",
    ),
    "never_sent": (
        "测点 {where} 已登记但没有数据。",
        "The point {where} is registered and was never sent.",
    ),
    "core_never_sent": (
        "核心测点 {where} 没有数据,平台将判为数据中断。",
        "The core point {where} was never sent; the platform will call its data missing.",
    ),
    "doubled_beat": ("该数据包已收到过。", "This beat came before."),
    "doubled_time": (
        "同一测点同一时间已有样本。",
        "The point already has a sample of that time.",
    ),
    "old_epoch": (
        "编号系列过旧,已不再接收。",
        "The beat's epoch is too old and no longer taken.",
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
    "disk_nearly_full": (
        "平台磁盘空间不足,请保留数据,并在 {seconds} 秒后用同一报文序号重发。",
        "The platform's disk is nearly full; keep the beat and send it again after {seconds} s.",
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
