#!/usr/bin/env bash
# Install what tests need beyond Python: Chromium, CJK fonts, the library that Playwright's driver is
# linked with, and strace. Where apt may not or cannot, say so and go on: the tests that need a
# program which is missing then skip, visibly.
set -u
packages=(chromium fonts-noto-cjk fontconfig libatomic1 strace)
complete() {
  command -v chromium && command -v strace && fc-list | grep -i cjk && .venv/bin/playwright --version
} &>/dev/null
complete && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  export DEBIAN_FRONTEND=noninteractive
  echo "apt-get install ${packages[*]}"
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  complete && exit 0
fi
echo "make test: programs for some tests are missing, and apt-get cannot install them here: those tests are skipped."
echo "make test: 缺少部分测试所需的程序，且此处 apt-get 无法安装：将跳过这些测试。"
echo "To run them all, as root / 要全部运行，请以 root 执行: apt-get install ${packages[*]}"
