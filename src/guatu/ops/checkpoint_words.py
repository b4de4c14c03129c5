"""What to say of a checkpoint, or of messages in the log, that this version cannot read."""

from guatu import __version__
from guatu.ops.words import say
from guatu.telemetry.checkpoint import CheckpointUnreadable
from guatu.telemetry.frame import OtherVersion


def unreadable_words(problem: CheckpointUnreadable) -> tuple[str, str]:
    """Give what is wrong and what to do, in the operator's language."""
    path = problem.path
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
