"""What to say of a checkpoint, or of messages in the log, that this version cannot read."""

from pathlib import Path

from guatu import __version__
from guatu.ops.words import say
from guatu.telemetry.checkpoint import CheckpointMissing, CheckpointUnreadable
from guatu.telemetry.follow import LogWentBack
from guatu.telemetry.frame import OtherVersion


def unreadable_words(problem: CheckpointUnreadable) -> tuple[str, str]:
    """Give what is wrong and what to do, in the operator's language."""
    path = problem.path
    if isinstance(problem, CheckpointMissing):
        return missing_words(path)
    return (
        say(
            f"检查点 {path} 无法读取：已损坏，或由其他版本写入（当前版本 {__version__}）。",
            f"The checkpoint {path} cannot be read: it is damaged, or another version "
            f"wrote it (this is {__version__}).",
        ),
        say(
            "请勿删除它：历史数据和去重都以它为准。请换回写入它的版本，"
            "或把最近的备份恢复到新目录（guatu --home 新目录 restore 备份目录）。",
            "Do not delete it: history and the dropping of doubles hang on it. Go back to the "
            "version that wrote it, or put the last backup up in a new folder "
            "(guatu --home NEW restore BACKUPS).",
        ),
    )


def missing_words(path: Path) -> tuple[str, str]:
    """Give what is wrong where history has lost its checkpoint, and what to do."""
    return (
        say(
            f"{path.parent} 中有本日志的历史数据，但检查点 {path.name} 不见了。",
            f"{path.parent} holds history of this very log, but its checkpoint {path.name} is "
            "gone.",
        ),
        say(
            "没有检查点，引擎只能从头开始，会重复入库并忘记各报警的状态，因此没有启动。"
            f"请把 {path.name} 和 still-*.npz 放回原处，"
            "或把最近的备份恢复到新目录（guatu --home 新目录 restore 备份目录）。",
            "Without it the engine could only begin anew, store samples twice and forget every "
            f"alarm, so it does not start. Put {path.name} and still-*.npz back where they were, "
            "or put the last backup up in a new folder (guatu --home NEW restore BACKUPS).",
        ),
    )


def other_version_words(problem: OtherVersion) -> tuple[str, str]:
    """Give what is wrong and what to do, in the operator's language."""
    return (
        say(
            f"消息日志中有另一版本写入、尚未入库的数据（格式 {problem.version}）。",
            f"The log holds beats that another version wrote and nobody has stored yet "
            f"(format {problem.version}).",
        ),
        say(
            "数据没有丢失。请换回原来的版本，停止网关（guatu serve gateway），"
            "待引擎处理完毕（guatu doctor 显示积压为零）后再升级。",
            "Nothing is lost. Go back to the version that wrote them, stop the gateway, and "
            "upgrade once the engine has taken all of them (guatu doctor shows no backlog).",
        ),
    )


def went_back_words(problem: LogWentBack) -> tuple[str, str]:
    """Give what is wrong and what to do, in the operator's language."""
    return (
        say(
            f"消息日志 {problem.stream} 只到第 {problem.last} 条，"
            f"而引擎已处理到第 {problem.judged} 条：放回的是一份较旧的日志。",
            f"The log {problem.stream} ends at message {problem.last}, but the engine has judged "
            f"{problem.judged}: an older copy of the log was put back.",
        ),
        say(
            "请把日志、历史数据和数据库从同一份备份一起恢复"
            "（guatu --home 新目录 restore 备份目录）。",
            "Put log, history and database back from one backup together "
            "(guatu --home NEW restore BACKUPS).",
        ),
    )
