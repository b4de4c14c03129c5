"""Say in a sentence what this machine lacks, before anything is installed. Runs on any Python 3."""

import os
import sys

WANTED = (3, 11), (3, 13)


def main():
    """Exit with 1 and a sentence where Python, its venv or this folder will not do."""
    version = sys.version_info[:2]
    if not WANTED[0] <= version <= WANTED[1]:
        sys.exit(
            "Guatu needs Python 3.11–3.13; `%s` is %d.%d. Run `make PYTHON=python3.11 ...`.\n"
            "挂图需要 Python 3.11–3.13，而 `%s` 是 %d.%d。请运行 `make PYTHON=python3.11 ...`。"
            % ((sys.executable,) + version + (sys.executable,) + version)
        )
    try:
        import ensurepip  # noqa: F401, PLC0415  Debian packs it apart, and venv fails without it
    except ImportError:
        sys.exit(
            "Python's venv is missing. Run `apt-get install python3-venv` and try again.\n"
            "缺少 Python 的 venv 组件。请先运行 `apt-get install python3-venv`，再重试。"
        )
    if not os.access(".", os.W_OK):
        sys.exit(
            "This folder cannot be written, and Guatu installs itself in it, in .venv. "
            "Run make as the folder's owner, or in a copy of your own.\n"
            "此目录不可写，而挂图要装在其中的 .venv 里。"
            "请以该目录所有者的身份运行 make，或换用自己的副本。"
        )


if __name__ == "__main__":
    main()
