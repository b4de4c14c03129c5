"""The command: `guatu` and `python -m guatu`."""

import sys


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        from guatu.ops.cli import run  # noqa: PLC0415  a plant's agent installs no server parts
    except ModuleNotFoundError as missing:
        sys.exit(
            f"缺少组件 {missing.name}：请用 pip install 'guatu[server]' 安装服务端。\n"
            f"{missing.name} is missing: install the server with pip install 'guatu[server]'."
        )
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
