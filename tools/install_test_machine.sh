#!/usr/bin/env bash
# Install what tests need beyond Python: Chromium and CJK fonts. Where apt may not be used, say so
# and go on: the browser tests then skip, visibly.
set -u
command -v chromium >/dev/null && fc-list 2>/dev/null | grep -qi "cjk" && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "make test: no Chromium with CJK fonts, and apt-get cannot be used here: browser tests will be skipped."
  echo "make test: 缺少 Chromium 或中文字体，且此处无法使用 apt-get：将跳过浏览器测试。"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null
