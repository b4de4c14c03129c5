"""The account of a replay: what each station on the way counted."""

from collections import Counter
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
        accepted: samples that the engine kept.
        told: alarms that the engine has told of, as far back as the log holds them.
        alarms: rows of the database.
        warnings: rows of the database.
    """

    rows: int
    distinct: int
    received: int
    accepted: int
    told: int
    alarms: int
    warnings: int


def account(recordings: list[Recording], tally: Tally, before: Stored, after: Stored) -> int:
    """Print the count of each station; tell whether they agree."""
    cells: Counter[str] = Counter()
    for recording in recordings:
        cells["samples"] += recording.counts.samples
        cells["doubled"] += recording.counts.doubled
    rejected = sum(tally.rejected.values())
    rows, distinct = after.rows - before.rows, after.distinct - before.distinct
    received, kept = after.received - before.received, after.accepted - before.accepted
    told, alarms = after.told - before.told, after.alarms - before.alarms
    lines = [
        (say("文件中的样本", "samples in the files", separator=" / "), cells["samples"]),
        (say("发送", "sent", separator=" / "), tally.sent),
        (say("网关已应答", "acknowledged by the gateway", separator=" / "), tally.accepted),
        *(
            (say("退回", "rejected", separator=" / ") + f" ({reason})", count)
            for reason, count in sorted(tally.rejected.items())
        ),
        (say("引擎收到", "read by the engine", separator=" / "), received),
        (say("引擎研判入库", "kept by the engine", separator=" / "), kept),
        (say("历史库行数", "rows in history", separator=" / "), rows),
        (say("其中不重复", "of these distinct", separator=" / "), distinct),
        (say("引擎发出报警", "alarms told by the engine", separator=" / "), told),
        (say("登记报警", "alarms recorded", separator=" / "), alarms),
        (say("新预警", "new warnings", separator=" / "), after.warnings - before.warnings),
    ]
    for words, count in lines:
        print(f"  {count:>14,}  {words}")
    agree = (
        tally.sent == cells["samples"]
        and tally.sent == tally.accepted + rejected + tally.unknown
        and tally.unknown == 0
        and received == kept == rows == distinct == tally.accepted
        and told == alarms
    )
    print(
        say(
            f"{'✓ 各站数量一致' if agree else '✗ 各站数量不一致'}（{tally.seconds:.1f} 秒）",
            f"{'✓ the stations agree' if agree else '✗ the stations do not agree'} "
            f"({tally.seconds:.1f} s)",
        )
    )
    return 0 if agree else 1
