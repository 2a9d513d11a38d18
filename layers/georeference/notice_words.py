"""What the words around an area of a notice say: its name, zone, status and declared area, and zones in words only."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.notice import NoticeArea

__all__ = ["Ends", "Statement", "area_in", "ends_in", "name_in", "statements", "status_in", "width_in", "zone_in"]

_KINDS = (
    "自然保护区|国家公园|自然公园|森林公园|湿地公园|地质公园|沙漠公园|草原公园|风景名胜区|自然保护小区|水产种质资源保护区"
    "|水源保护区|水源地|水源|水库|水厂|取水口|生态保护红线"
)
_NAME = re.compile(rf"[\u4e00-\u9fffA-Za-z0-9（）()·—-]{{0,30}}?(?:{_KINDS})(?:保护区)?")
_LEAD = re.compile(
    r"^(?:.*(?:关于|发布|划定|划分|公布|批准|同意|印发|调整|撤销|建立|设立|新建|其中|包括|将|为|由|的|在|了|（[一二三四五六七八九十]+）|\([一二三四五六七八九十]+\)))"
    r"|^[一二三四五六七八九十]+[、，,.．]|^附件[一二三四五六七八九十\d]*|^\d+[、.．]|^第[一二三四五六七八九十\d]+[条章节]"
    r"|^[（(][一二三四五六七八九十\d]+[)）]|^(?:饮用水|集中式|[一二]级|准|水域|陆域)+(?=水源)"
)
_GENERIC = re.compile(
    r"^(?:饮用水|集中式|城市|城镇|地表水|地下水|该|本|各|一级|二级|准|级|和|及|划定|划分)*(?:"
    + _KINDS
    + r")(?:保护区)?$"
)
_NO_NAME = re.compile(r"^以|\d\s*(?:米|公里)|上游|下游|范围|坐标|位于|至")
_WATER_AREA = re.compile(
    r"(?:(水域|陆域)[^，。；;,一二准]{0,4})?(一级|二级|准保护区|准水源|准(?=水域|陆域))(?:饮用水)?(?:水源)?(?:地)?(?:保护区)?[^，。；;,]{0,2}?(水域|陆域)?"
)
_RESERVE = re.compile(r"核心保护区|一般控制区|核心区|缓冲区|缓冲带|实验区")
_BOUNDS = re.compile(
    r"\d\s*(?:米|公里|千米|km|m\b)|[百千]米|以内|为界|上游|下游|沿岸|两岸|堤|全部|整个|范围|半径|纵深|边界|水位线|分水岭",
    re.IGNORECASE,
)
_FOUR_SIDES = re.compile(r"东[至到起以临接邻界].{1,300}?[南西北][至到起以临接邻界]|四至", re.DOTALL)
_START = re.compile(
    r"(?:^|[\n。；;，,：:]|[)）]|(?<=\d)[、.])\s*(?:[(（]?[一二三四五六七八九十\d]+[)）、.．]\s*)?(?:饮用水水?源(?:地)?)?"
    r"(?:(?P<zone>一级|二级|准)(?:饮用水)?(?:水源)?(?:保护区)?(?:范围)?\s*(?:的)?(?P<with>水域|陆域)?|(?P<part>水域|陆域))"
    r"(?:保护区)?(?:面积)?(?:范围)?\s*(?=[：:为是包（(，,]|$|\n)"
)
_MARKER = (
    r"(?P<{0}m>[^，。；;：:、至到从自由\d]{{0,24}}?)(?P<{0}d>上游|下游|上溯|下延|上|下|处)?\s*"
    r"(?P<{0}n>\d+(?:\.\d+)?)?\s*(?P<{0}u>公里|千米|km|米|m)?(?:处)?"
)
_STRETCH = re.compile(
    (r"(?:从|自|由)?" + _MARKER.format("a") + r"\s*(?:至|到|[-—~～])\s*" + _MARKER.format("b"))
    + r"(?=[，,。；;：:、的及\s（(]|之间|之内|范围|水域|河段|$)",
    re.IGNORECASE,
)
_WIDTH = re.compile(
    r"(?:两岸|两侧|纵深|宽度?|岸边|沿岸)[^，。；;\d]{0,10}(\d+(?:\.\d+)?)\s*(公里|千米|km|米|m)(?![\d²2])",
    re.IGNORECASE,
)
_AREA = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)\s*(万)?\s*(平方公里|平方千米|公顷|平方米|亩|km2|hm2|ha(?![a-z])|m2)", re.IGNORECASE
)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).replace("准级", "准")


def zone_in(*texts: str) -> str:
    """
    The zone that the first text which names one names, alone; "" where it names several or none does.

    Of a text the last sentence that names any decides. Zones of water sources come with 水域 or 陆域 where it is said.

    Examples
    --------
    >>> zone_in("水域一级保护区"), zone_in("其中核心区 8 公顷。缓冲区拐点"), zone_in("一级、二级保护区")
    ('一级保护区水域', '缓冲区', '')
    """
    for text in texts:
        for sentence in reversed(re.split(r"[。；;\n]|\.(?!\d)", _plain(text))):
            reserve = set(_RESERVE.findall(sentence))
            water = {
                (m[2][:2] if m[2][0] != "准" else "准", m[1] or m[3] or "") for m in _WATER_AREA.finditer(sentence)
            }
            levels = {level for level, _ in water}
            if not reserve and not levels:
                continue
            if len(reserve) + len(levels) > 1:
                return ""
            if reserve:
                return str(reserve.pop())
            parts = set(re.findall("水域|陆域", sentence))
            return f"{levels.pop()}保护区{parts.pop() if len(parts) == 1 else ''}"
    return ""


def name_in(*texts: str) -> str:
    """
    The proper name in the first text that has one.

    Examples
    --------
    >>> name_in("（一）山西五鹿山国家级自然保护区"), name_in("一级保护区", "关于划定盘石头水库饮用水水源保护区的通知")
    ('山西五鹿山国家级自然保护区', '盘石头水库')
    """
    for text in texts:
        for match in _NAME.finditer(_plain(text)):
            name = match[0]
            for _ in range(4):
                name = _LEAD.sub("", name).strip(" 、，,()（）")
            if 3 <= len(name) <= 40 and not (_GENERIC.match(name) or _NO_NAME.search(name)):
                return name
    return ""


def status_in(text: str, name: str) -> str:
    """
    What a text says of the legal status of a named area, where it says so plainly; "" otherwise.

    Only a sentence that names the area right beside the word counts, and none with 拟, 建议, 未 or 不.

    Examples
    --------
    >>> status_in("国务院已批准新建甲自然保护区。", "甲自然保护区"), status_in("拟撤销甲自然保护区", "甲自然保护区")
    ('已批准', '')
    """
    if not name:
        return ""
    found = set()
    for sentence in re.split(r"[。；;\n]", _plain(text)):
        if name not in sentence or re.search(r"拟|建议|未|不|申请|征求|草案|原", sentence.replace(name, "")):
            continue
        quoted = re.escape(name)
        if re.search(rf"撤销{quoted}(?![\u4e00-\u9fff]{{0,6}}(?:部分|局部|调整))|{quoted}(?:予以|已)撤销", sentence):
            found.add("撤销")
        merged = re.search(
            rf"{quoted}(?:整体|已|全部)?(?:并入|合并入)([\u4e00-\u9fff]{{2,24}}(?:保护区|公园))", sentence
        )
        if merged:
            found.add(f"并入{merged[1]}")
        if re.search(
            rf"(?:批准|同意)(?:新建|设立|建立)?{quoted}|{quoted}(?:已经?)?(?:.{{0,12}}批准)?(?:设立|建立)", sentence
        ):
            found.add("已批准")
    return found.pop() if len(found) == 1 else ""


def area_in(zone: str, *texts: str) -> str:
    """
    The declared area with its unit: of the zone where it is named, else the only one that a text states; "" otherwise.

    Examples
    --------
    >>> text = "总面积20617.3公顷，其中核心区面积8185.06公顷，缓冲区2公顷"
    >>> area_in("", text), area_in("核心区", text), area_in("核心保护区", "核心保护区，面积375.2公顷，一般控制区1公顷")
    ('20617.3公顷', '8185.06公顷', '375.2公顷')
    """
    stem = zone.removesuffix("水域").removesuffix("陆域")
    named_area = rf"{stem}[^，。；;,\d]{{0,8}}(?:[，,]\s*面积[^，。；;,\d]{{0,4}})?$"
    for text in map(_plain, texts):
        found = list(_AREA.finditer(text))
        named = [match for match in found if stem and re.search(named_area, text[: match.start()])]
        whole = [
            match for match in found if not zone and re.search(r"总面积[^，。；;,\d]{0,6}$", text[: match.start()])
        ]
        chosen = named[:1] or whole[:1] or (found if len(found) == 1 and not stem else [])
        if chosen:
            return chosen[0][0].replace(" ", "")
    return ""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A zone told in words: its zone, the source it belongs to, and the words."""

    zone: str
    name: str
    text: str


def statements(area: NoticeArea, *, kind: str) -> list[Statement]:
    """
    The zones that an area of kind ``words`` or ``table`` tells of, for a kind of layer.

    Of water sources every 一级, 二级 or 准 zone whose words bound it; of others a text that names four sides. Doubt
    makes one statement more, never one less: a statement has no place and keeps its layer from ``clear``.
    """
    over = (area.title, *reversed(area.headings))
    if area.kind == "table":
        return _of_row(area, kind)
    if "edges_in_words" in area.warnings:
        return [Statement(zone=zone_in(*over, area.text), name=name_in(*over, area.text), text=area.text)]
    if kind == "water_sources":
        return _of_water(area.text, zone_in(*over), name_in(*over, area.text))
    if _FOUR_SIDES.search(area.text) or (_RESERVE.search(" ".join(over)) and _BOUNDS.search(area.text)):
        return [Statement(zone=zone_in(*over), name=name_in(*over, area.text), text=area.text)]
    return []


def _of_water(text: str, zone: str, name: str) -> list[Statement]:
    plain = _plain(text)
    starts = list(_START.finditer(plain))
    found = []
    level = zone.removesuffix("水域").removesuffix("陆域")
    pieces = [(level, zone.removeprefix(level), plain[: starts[0].start()] if starts else plain)]
    for i, match in enumerate(starts):
        end = starts[i + 1].start() if i + 1 < len(starts) else len(plain)
        if match["zone"]:
            level = f"{match['zone']}保护区"
        pieces.append((level, match["with"] or match["part"] or "", plain[match.start() : end]))
    for stem, part, words in pieces:
        own = words.strip(" \n。；;，,")
        # in any words at all: 红旗村全境 bounds a zone as much as 300米 does; only rules for it do not
        told = _BOUNDS.search(own) or (len(_HAN.findall(own.replace("保护区", ""))) > 3 and not _RULES.search(own))
        if stem and told:
            parts = {part} if part else set(re.findall("水域|陆域", own))
            found.append(Statement(zone=stem + (parts.pop() if len(parts) == 1 else ""), name=name, text=own))
    if not found and (
        _STRETCH_WORDS.search(plain) or (re.search(r"[一二]级|准保护区", plain) and _BOUNDS.search(plain))
    ):
        found.append(Statement(zone=zone_in(plain), name=name, text=plain.strip()))
    return found


_HAN = re.compile("[\u4e00-\u9fff]")
_RULES = re.compile(r"禁止|严禁|不得|应当|[一二三四五六七八九十两\d]+\s*个")
_STRETCH_WORDS = re.compile(r"取水口.{0,12}(?:上游|下游)")
_EMPTY = re.compile(r"[\s/\\—\-无]*")


def _of_row(area: NoticeArea, kind: str) -> list[Statement]:
    name = ""
    for head, cell in area.cells.items():
        if re.search(r"名称|水源地|保护区$|保护地", head) and not re.search(r"[一二]级|准|级别|范围", head):
            name = name or cell
    name = name or name_in(*area.cells.values(), *reversed(area.headings))
    found = []
    for head, cell in area.cells.items():
        zone = zone_in(head)
        if zone and not _EMPTY.fullmatch(cell) and (_BOUNDS.search(cell) or _FOUR_SIDES.search(cell)):
            found.append(Statement(zone=zone, name=name, text=f"{head}：{cell}"))
    if found:
        return found
    zone = zone_in(*area.cells.values()) or zone_in(*reversed(area.headings))
    water = kind == "water_sources" and zone and _BOUNDS.search(area.text)
    if water or _FOUR_SIDES.search(area.text) or (any("四至" in head for head in area.cells) and name):
        found.append(Statement(zone=zone, name=name, text=area.text))
    return found


@dataclass(frozen=True, kw_only=True)
class Ends:
    """The two ends of a stretch: the marker each is counted from, and metres from it, downstream positive."""

    start: tuple[str, float]
    end: tuple[str, float]


def ends_in(text: str) -> Ends | None:
    """
    The stretch of a river that a text states between two markers.

    Examples
    --------
    >>> ends_in("取水口上游1300米至桥下300米的水域")
    Ends(start=('取水口', -1300.0), end=('桥', 300.0))
    >>> ends_in("从红旗桥至三号闸之间的水域")
    Ends(start=('红旗桥', 0.0), end=('三号闸', 0.0))
    """
    for sentence in re.split(r"[。；;\n：:]", _plain(text)):
        for match in _STRETCH.finditer(sentence):
            first, second = _end(match, "a", None), _end(match, "b", match["am"])
            if first is None or second is None:
                continue
            return Ends(start=first, end=second)
    return None


def _end(match: re.Match[str], which: str, other: str | None) -> tuple[str, float] | None:
    marker = re.sub(
        r"^(?:.*(?:为|范围|自|从|由))|^以(?=.*起)|起算?[,，]?$|[的处及其]+$", "", (match[f"{which}m"] or "").strip()
    )
    marker = re.sub(r"起算?[,，]?$", "", marker)
    number, direction, unit = match[f"{which}n"], match[f"{which}d"], match[f"{which}u"]
    if number is None:
        if len(marker) < 2 or (direction in {"上游", "下游"}):
            return None
        return marker + (direction if direction in {"上", "下"} else ""), 0.0
    if unit is None or direction is None or direction == "处":
        return None
    metres = float(number) * (1000.0 if unit.casefold() in {"公里", "千米", "km"} else 1.0)
    named = marker or re.sub(r"^(?:.*(?:为|范围|自|从|由))|^以(?=.*起)|起算?[,，]?$", "", other or "")
    named = re.sub(r"起算?[,，]?$", "", named)
    return named, -metres if direction.startswith("上") else metres


def width_in(text: str) -> float | None:
    """
    Metres to each side of the line that a text states, None where it states none or several.

    Examples
    --------
    >>> width_in("两岸纵深各50米"), width_in("宽度为多年平均水位线"), width_in("左岸宽50米，右岸宽80米")
    (50.0, None, None)
    """
    found = {
        float(m[1]) * (1000.0 if m[2].casefold() in {"公里", "千米", "km"} else 1.0)
        for m in _WIDTH.finditer(_plain(text))
    }
    return found.pop() if len(found) == 1 else None


def nearest_text(texts: Sequence[str], longest: int = 1000) -> str:
    """Texts joined, each once, up to a length."""
    return "；".join(dict.fromkeys(text.strip() for text in texts if text.strip()))[:longest]
