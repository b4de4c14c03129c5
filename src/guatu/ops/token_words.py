"""The words of `guatu token`."""

import argparse

from guatu.ops.words import hint

SCOPES = ("warnings.read", "warnings.write", "plants.read", "plants.write", "readings.read")


def add_token_words(parser: argparse.ArgumentParser) -> None:
    """Tell a parser what `guatu token` takes."""
    deeds = parser.add_subparsers(dest="deed", required=True, metavar="list|make|end")
    listed = deeds.add_parser("list", help=hint("列出接口令牌", "the tokens there are"))
    listed.add_argument("--all", action="store_true", help=hint("含已失效的", "ended ones too"))
    make = deeds.add_parser("make", help=hint("新建令牌，只显示一次", "make a token, shown once"))
    make.add_argument("username", help=hint("以谁的名义（账号）", "in whose name (account)"))
    make.add_argument("--name", required=True, help=hint("用途", "what it is for"))
    make.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=SCOPES,
        help=hint("可用范围，可写多次", "what it opens; may be given several times"),
    )
    make.add_argument(
        "--days", type=int, default=90, help=hint("有效天数（默认 90）", "days it holds (90)")
    )
    end = deeds.add_parser("end", help=hint("停用令牌", "end a token"))
    end.add_argument("number", type=int, help=hint("编号，见 list", "its number, see list"))
    end.add_argument("--why", required=True, help=hint("理由", "the reason"))
