# Said after an installer failed: its own lines name the cause in an installer's words.
{
  echo "Packages were not installed; the lines above say why. Without a network: connect, or name a proxy in HTTPS_PROXY, and run make again."
  echo "安装包未能装上，原因见上。若无网络：请先联网，或在 HTTPS_PROXY 中填写代理，再重新运行 make。"
} >&2
exit 1
