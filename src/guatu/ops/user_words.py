"""The words of `guatu user`."""

import argparse

from guatu.ops.words import hint


def add_user_words(parser: argparse.ArgumentParser) -> None:
    """Tell a parser what `guatu user` takes."""
    deeds = parser.add_subparsers(
        dest="deed", required=True, metavar="list|first|add|grant|revoke|disable|reset-password"
    )
    deeds.add_parser("list", help=hint("列出账号和授权", "accounts and what is granted"))
    first = deeds.add_parser(
        "first",
        help=hint(
            "在空系统中建立主管局和三员账号，密码只显示一次",
            "found the bureau and its three administrators in an empty house; passwords shown once",
        ),
    )
    first.add_argument("--organisation", required=True, help=hint("主管局名称", "the bureau"))
    first.add_argument("--region", required=True, help=hint("行政区划代码", "its region code"))
    add = _of_account(deeds, "add", hint("建立账号，密码只显示一次", "make an account"))
    add.add_argument("--name", required=True, help=hint("姓名", "the person's name"))
    add.add_argument("--organisation", required=True, help=hint("所在机构全称", "where, in full"))
    add.add_argument("--phone", default="", help=hint("电话", "telephone"))
    grant = _of_account(deeds, "grant", hint("授权", "grant a role"))
    _add_scope(grant)
    revoke = _of_account(deeds, "revoke", hint("收回授权", "end a grant"))
    _add_scope(revoke)
    _add_heir(revoke)
    disable = _of_account(deeds, "disable", hint("停用账号", "close an account"))
    disable.add_argument("--why", required=True, help=hint("理由", "the reason"))
    _add_heir(disable)
    words = hint("重置密码，只显示一次", "give a new password, shown once")
    _of_account(deeds, "reset-password", words)


def _of_account(
    deeds: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, words: str
) -> argparse.ArgumentParser:
    parser = deeds.add_parser(name, help=words)
    parser.add_argument("username", help=hint("账号", "the account"))
    return parser


def _add_scope(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("role", help=hint("角色代码，如 duty_officer", "such as duty_officer"))
    scope = parser.add_mutually_exclusive_group(required=True)
    scope.add_argument("--organisation", help=hint("机构全称，含下级", "and all below it"))
    scope.add_argument("--region", help=hint("行政区划代码", "a region code"))
    parser.add_argument("--why", required=True, help=hint("理由", "the reason"))


def _add_heir(parser: argparse.ArgumentParser) -> None:
    words = hint("未办结预警由谁接手（账号）", "who takes over the open warnings (account)")
    parser.add_argument("--heir", help=words)
