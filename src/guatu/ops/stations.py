"""The account of a replay: what each station on the way counted."""

from collections.abc import Mapping
from dataclasses import dataclass

from guatu.ops.words import say
from guatu.simulator.recordings import Recording
from guatu.simulator.replay import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is stored of a plant.

    Attributes:
        rows: samples that a fresh process finds in history.
        distinct: of these, how many differ in point or time.
        received: samples that the engine has read from the log.
        merged_away: samples that merges in the plant's partition have left out so far, because
            their point had one of the same time in another segment.
        accepted: samples that the engine kept, such ones too: of what lies in another segment it
            does not know.
        left_out: samples that the engine did not keep, by reason.
        told: alarms that the engine has told of, as far back as the log holds them.
        alarms: rows of the database.
        warnings: rows of the database.
    """

    rows: int
    distinct: int
    merged_away: int
    received: int
    accepted: int
    left_out: Mapping[str, int]
    told: int
    alarms: int
    warnings: int

    @property
    def known_before(self) -> int:
        """Samples kept whose point had one of the same time in another segment."""
        return self.accepted - self.distinct


REASONS = {
    "doubled_time": ("同一测点同一时间已有样本", "the point has a sample of that time already"),
    "doubled_beat": ("整包重复", "the beat came before"),
    "old_epoch": ("旧的发送周期", "from an earlier run of the sender"),
}
"""Why the engine does not keep a sample; each is a sample counted, not one lost."""


def account(
    recordings: list[Recording], tally: Tally, before: Stored, after: Stored, *, overlap: int = 0
) -> int:
    """Print the count of each station; tell whether they agree.

    Args:
        recordings: what was sent.
        tally: how.
        before: what was stored before.
        after: what is stored now.
        overlap: how many samples at most were sent twice, for two recordings have their time.

    Returns:
        0 where every sample is accounted for, 1 where not.
    """
    new = _since(before, after)
    for words, count in _lines(recordings, tally, new):
        print(f"  {count:>14,}  {words}")
    agree = (
        _samples(recordings) == tally.sent == tally.accepted + sum(tally.rejected.values())
        and tally.accepted == new.received == new.accepted + sum(new.left_out.values())
        and is_stored(before, after)
        and 0 <= new.known_before <= before.distinct + overlap
        and new.told == new.alarms
    )
    print(
        say(
            f"{'✓ 各站数量一致' if agree else '✗ 各站数量不一致'}"
            f"（发送用时 {tally.seconds:.1f} 秒）",
            f"{'✓ the stations agree' if agree else '✗ the stations do not agree'} "
            f"(sending took {tally.seconds:.1f} s)",
        )
    )
    return 0 if agree else 1


def is_stored(before: Stored, after: Stored) -> bool:
    """Whether history has a row for each sample that the engine kept since, or a merge left it out.

    Merges work on all plants of a partition, so they may have left out more than this plant's.
    """
    new = _since(before, after)
    return new.rows <= new.accepted <= new.rows + new.merged_away


def _samples(recordings: list[Recording]) -> int:
    return sum(recording.counts.samples for recording in recordings)


def _since(before: Stored, after: Stored) -> Stored:
    """What came since, with only those reasons that are the engine's own."""
    return Stored(
        rows=after.rows - before.rows,
        distinct=after.distinct - before.distinct,
        merged_away=after.merged_away - before.merged_away,
        received=after.received - before.received,
        accepted=after.accepted - before.accepted,
        left_out={
            reason: after.left_out.get(reason, 0) - before.left_out.get(reason, 0)
            for reason in REASONS
        },
        told=after.told - before.told,
        alarms=after.alarms - before.alarms,
        warnings=after.warnings - before.warnings,
    )


def _lines(recordings: list[Recording], tally: Tally, new: Stored) -> list[tuple[str, int]]:
    doubled = sum(recording.counts.doubled for recording in recordings)
    lines = [
        *_some(doubled, "文件内时间重复，不发送", "doubled times within a file, not sent"),
        *_line(_samples(recordings), "文件中的样本", "samples in the files"),
        *_line(tally.sent, "发送", "sent"),
        *_line(tally.accepted, "网关已应答", "acknowledged by the gateway"),
    ]
    for reason, count in sorted(tally.rejected.items()):
        lines += _line(count, f"退回（{reason}）", f"rejected ({reason})")
    lines += _some(tally.unknown, "没有应答", "without an answer")
    lines += _line(new.received, "引擎收到", "read by the engine")
    for reason, count in new.left_out.items():
        zh, en = REASONS[reason]
        lines += _some(count, f"未入库：{zh}", f"not kept: {en}")
    return [
        *lines,
        *_line(new.accepted, "引擎研判入库", "kept by the engine"),
        *_line(new.distinct, "历史库中不同的测点与时间", "different points and times in history"),
        *_some(
            new.known_before,
            "同一测点同一时间在历史库中已有样本，合并后只留一个",
            "of a point and time that history had already; merging leaves one",
        ),
        *_line(new.told, "引擎发出报警", "alarms told by the engine"),
        *_line(new.alarms, "登记报警", "alarms recorded"),
        *_line(new.warnings, "新预警", "new warnings"),
    ]


def _line(count: int, zh: str, en: str) -> list[tuple[str, int]]:
    return [(say(zh, en, separator=" / "), count)]


def _some(count: int, zh: str, en: str) -> list[tuple[str, int]]:
    """A line that is worth reading only where there is something to count."""
    return _line(count, zh, en) if count else []
