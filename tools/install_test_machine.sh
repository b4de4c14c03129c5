#!/usr/bin/env bash
# Install what tests need beyond Python: Chromium, CJK fonts, strace. Where apt may not be used, say
# so and go on: the tests that need them then skip, visibly.
set -u
command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi "cjk" && command -v strace >/dev/null && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "make test: no Chromium with CJK fonts or no strace, and apt-get cannot be used here: the tests that need them will be skipped."
  echo "make test: 缺少 Chromium、中文字体或 strace，且此处无法使用 apt-get：将跳过需要它们的测试。"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig strace >/dev/null
