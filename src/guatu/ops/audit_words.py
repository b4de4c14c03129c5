"""The words of `guatu audit`."""

import argparse

from guatu.ops.words import hint


def add_audit_words(parser: argparse.ArgumentParser) -> None:
    """Tell a parser what `guatu audit` takes."""
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="verify|prune")
    verify = deeds.add_parser(
        "verify",
        help=hint("校验审计记录是否被改动", "tell whether the record was tampered with"),
    )
    verify.add_argument(
        "--last",
        type=int,
        default=None,
        help=hint("只校验最近若干条（默认全部）", "only so many of the latest (all)"),
    )
    prune = deeds.add_parser(
        "prune",
        help=hint(
            "清除超过保存期（GUATU_AUDIT_DAYS）的审计记录，此操作本身留痕",
            "give up records older than GUATU_AUDIT_DAYS; the act itself is recorded",
        ),
    )
    prune.add_argument("--why", required=True, help=hint("理由", "the reason"))
