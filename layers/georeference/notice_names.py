"""What a notice names and places nowhere: zones whose corners stand in an annex, on a map, or are left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from layers.georeference.notice_words import Statement, name_in, zone_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spatial.reading.notice import NoticeArea

__all__ = ["Told", "unplaced"]

_NUMBER = re.compile(r"^[\s（(]*(?:[一二三四五六七八九十]+|\d+|第[一二三四五六七八九十\d]+[章条节])[）)、.．,，\s]*")
_ZONE_HEADING = re.compile(
    r"(?:区|片|地块|区块|单元|公园|水源地?|水库|水厂|林场|[一二三四五六七八九十\d]号?[圈块])"
    r"(?:的?(?:范围|边界|界线|四至|拐点|坐标)+)?(?:[(（][^)）]*[)）])?[：:。]?$"
)
_NO_HEADING = re.compile(
    r"附\s*[图表件]|管理|要求|职责|措施|监督|保障|依据|概况|说明|名单|目录|功能区划|划分|调整前|原范围|禁止|撤销|取消"
)
_KIND_NAMES = {
    "protected_areas": re.compile(r"保护小?区|公园|风景名胜区"),
    "water_sources": re.compile(r"水源|水库|水厂|取水口"),
}
_FOLLOWS = re.compile(r"^(?:保护区)?\s*(?:[：:，,。；;（(]|位于|地处|坐落|范围|边界|四至|面积|总面积|为|见|由|包括|$)")
_GRADE = re.compile(r"国家级|省级|自治区级|[地市州]级|[旗县区]级|饮用水|水源保护区|水源地|水源|集中式|城市|城镇")
_RESERVE_PART = re.compile(r"(核心保护区|一般控制区|核心区|缓冲区|实验区)(?=为|是|[：:]|范围|位于|边界)")
_ROW_NAME = re.compile(r"名称|水源地$|保护区$|保护地|公园$")


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a feature of the notice already tells: its name, its zone, and the headings it stands under."""

    name: str
    zone: str
    headings: tuple[str, ...]


def unplaced(areas: Sequence[NoticeArea], told: Sequence[Told], *, kind: str) -> list[tuple[NoticeArea, Statement]]:
    r"""
    Zones that headings, lines or table rows name, and that no feature of the notice is.

    A zone that is lost without a word would leave the ground it lies on ``clear``; each of these becomes a feature
    without a place. Doubt makes one more.

    Parameters
    ----------
    areas
        Everything of the notice.
    told
        What its features are already.
    kind
        The kind of the layer: names of other things (a water works in a notice of reserves) are no zones.

    Examples
    --------
    >>> from spatial.reading.notice import areas_of, read_document
    >>> text = "一、甲自然保护区\nJ1 119.5,49.2\nJ2 119.6,49.2\nJ3 119.6,49.3\n二、乙自然保护区\n见附图。"
    >>> areas = areas_of(read_document(text.encode()))
    >>> told = [Told(name="甲自然保护区", zone="", headings=areas[0].headings)]
    >>> [said.name for _, said in unplaced(areas, told, kind="protected_areas")]
    ['乙自然保护区']
    """
    found: list[tuple[NoticeArea, Statement]] = []
    known = list(told)
    for area in areas:
        if area.kind == "table":
            candidates = _of_table(area, kind)
        elif area.kind == "words":
            candidates = [*_of_heading(area, known, areas), *_of_lines(area, kind)]
        else:
            continue
        for said in candidates:
            if not any(_same(said, one) for one in known):
                found.append((area, said))
                known.append(Told(name=said.name, zone=said.zone, headings=()))
    return found


def _of_heading(area: NoticeArea, told: Sequence[Told], areas: Sequence[NoticeArea]) -> list[Statement]:
    """The innermost heading, where it is that of a zone and nothing under it is a feature or a heading more."""
    if not area.headings:
        return []
    heading = _NUMBER.sub("", area.headings[-1]).strip()
    bare = re.sub(r"[(（][^)）]*[)）]", "", heading)  # 乙自然保护区（见附图） is a zone, 附图 alone is none
    if not _ZONE_HEADING.search(heading) or _NO_HEADING.search(bare) or len(heading) > 40:
        return []
    depth = len(area.headings)
    if any(one.headings[:depth] == area.headings for one in told) or any(
        len(one.headings) > depth and one.headings[:depth] == area.headings for one in areas
    ):
        return []
    name, zone = name_in(heading), zone_in(heading)
    if not (name or zone) and not any(one.headings[: depth - 1] == area.headings[:-1] for one in told):
        return []  # words that name nothing, in no company of areas
    text = f"{heading}：{area.text}" if area.text else heading
    return [Statement(zone=zone, name=name or ("" if zone else heading), text=text)]


def _of_lines(area: NoticeArea, kind: str) -> list[Statement]:
    """Lines that begin with the name of an area."""
    if kind not in _KIND_NAMES:
        return []
    found = []
    for line in re.split(r"[\n。]", area.text):
        plain = _NUMBER.sub("", line.strip())
        part = _RESERVE_PART.match(plain)
        if kind == "protected_areas" and part and not _NO_HEADING.search(plain[:60]):
            found.append(Statement(zone=part[1], name="", text=plain[:1000]))
        name = name_in(plain[:40])
        if (
            name
            and plain.startswith(name)
            and _KIND_NAMES[kind].search(name)
            and _FOLLOWS.match(plain[len(name) :])
            and not _NO_HEADING.search(plain[:60])
        ):
            found.append(Statement(zone="", name=name, text=plain[:1000]))
    return found


def _of_table(area: NoticeArea, kind: str) -> list[Statement]:
    """The name in a row of a table."""
    if kind not in _KIND_NAMES:
        return []
    for head, cell in area.cells.items():
        name = name_in(cell) if _ROW_NAME.search(head) else ""
        if name and _KIND_NAMES[kind].search(name):
            return [Statement(zone="", name=name, text=area.text)]
    return []


def _same(said: Statement, told: Told) -> bool:
    """Whether a feature is what is named: the same name but for its grade, and the zone where one is said."""
    one, other = _GRADE.sub("", said.name), _GRADE.sub("", told.name)
    if said.name and not (one == other or (one and other and (one in other or other in one))):
        return False
    stem = said.zone.removesuffix("水域").removesuffix("陆域")
    return not stem or told.zone.removesuffix("水域").removesuffix("陆域") == stem
