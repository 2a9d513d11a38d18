"""
Text of a notice to tokens: coordinates, point numbers, words that end or cut a ring, and numbers nobody explains.

A corner that is lost moves a boundary, so every digit of a corner list must be accounted for: it belongs to a
coordinate, to a point number, or to something known (a date, an area, a height, a coordinate system). What is left is
a token of kind ``number`` or ``bad``, and takes its list with it.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from spatial.coordinates import Coordinate, fold, parse
from spatial.errors import CoordinateError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Scan", "Token", "count_of", "label_of", "scan"]

TokenKind = Literal["coordinate", "label", "number", "bad", "close", "hole", "count", "known"]

_CIRCLED = {
    **{chr(0x2460 + i): f" {i + 1}# " for i in range(20)},  # ①
    **{chr(0x2488 + i): f" {i + 1}# " for i in range(20)},  # ⒈
    **{chr(0x2474 + i): f" ({i + 1}) " for i in range(20)},  # ⑴
    **{chr(0x3251 + i): f" {i + 21}# " for i in range(15)},
    **{chr(0x2776 + i): f" {i + 1}# " for i in range(10)},
    "―": "-", "─": "-", "一一": "-", "∼": "~", "〜": "~",
    "²": "2", "³": "3", "\t": " ",
}  # fmt: skip
_CIRCLES = re.compile("|".join(map(re.escape, _CIRCLED)))
_ONE_AS_DASH = re.compile(r"(?<=[°′″度分秒\d])\s*一\s*(?=(?:东经|北纬|[EN])?\s*\d{1,3}(?:\.\d+)?\s*[°度])")

_N = r"\d+(?:\.\d+)?"
_HAN = "零〇一二两三四五六七八九十百"
_SYSTEM = (
    r"CGCS[ _-]*2000|国家\s*2000|2000\s*(?:国家|中国)(?:大地)?(?:坐标系?)?|2000\s*(?:大地)?坐标系?|WGS[ _-]*(?:19)?84"
    r"|西安\s*(?:19)?80|(?:19)?80\s*年?\s*西安|北京\s*(?:19)?54|(?:19)?54\s*年?\s*北京|1985\s*国家高程|1956\s*(?:年)?黄海"
    r"|BJ[ _-]*54|X(?:IA|A)'?N[ _-]*(?:19)?80|BEIJING[ _-]*(?:19)?54|GCJ[ _-]*0?2|BD[ _-]*0?9(?!\d)|EPSG\s*:?\s*\d{4,5}"
)
_ZONE = (
    r"(?<!\d)[36]\s*[°度]\s*(?:分)?带|第?\s*(?<!\d)\d{2}\s*(?:号|度)?带|带号\s*[:=为是]?\s*\d{2}(?!\d)"
    r"|中央(?:子午线|经线)\s*(?:经度)?\s*[:=为是]?\s*(?:东经)?\s*E?\s*\d{2,3}(?!\d)\s*[°度]?(?:\s*0{1,2}\s*[′分])?(?:\s*0{1,2}\s*[″秒])?\s*E?"
)
_DATE = (
    r"(?<!\d)\d{4}\s*年\s*\d{1,2}\s*月(?:\s*\d{1,2}\s*日)?|(?<!\d)(?:19|20)\d{2}(?P<dash>[-/.])\d{1,2}(?P=dash)\d{1,2}(?![\d.])"
    r"|(?<!\d)(?:19|20)\d{2}\s*年度?|[\[(]\s*(?:19|20)\d{2}\s*[\])]\s*第?\s*\d+\s*号"
)
_CORNER = r"(?:拐点|界址点|顶点|界桩|坐标点|控制点|边界点|界点)"
_COUNT = (
    rf"(?P<count>\d{{1,5}}|[{_HAN}]{{1,5}})\s*个\s*(?:主要|边界|范围|控制|界线)*\s*(?:{_CORNER}|点(?!位?[高号]))"
    rf"|{_CORNER}\s*(?:坐标)?\s*(?:数量|个数|总数|数|共计|共有|共)\s*[:为是]?\s*(?P<counted>\d{{1,5}}|[{_HAN}]{{1,5}})\s*个?"
)
_QUANTITY = (
    rf"(?:约|±|[≥≤<>])?\s*(?!\d{{6,}})(?<![\d.]){_N}(?:\s*[-~]\s*{_N})?\s*(?:多|余)?\s*(?:[百千万亿](?!分))?\s*"
    r"(?:平方公里|平方千米|平方米|公顷|[KH]?M2|M3|HA(?![A-Z])|亩|公里|千米|KM|米|MM|CM|M(?![A-Z\d])|厘米|%|‰|吨|立方米|元|人|户|处|座|块"
    r"|片|条|款|章|项|类|次|年|月|日|天|级|倍|层|期|种|张|页|幅|批|届|眼|口)"
    rf"|(?:海拔|高程|标高|水位|{_CORNER}间距)\s*(?:高度)?\s*[:=为约]?\s*{_N}"
    rf"|面积\s*(?:\([^)]{{0,10}}\))?\s*[:=为约]?\s*{_N}"
    r"|第\s*\d+(?!\s*(?:号|个)?(?:拐|界|点))|附\s*[件表图录]\s*\d+|[图表]\s*\d+(?:[-.]\d+)*|(?<!\d)1\s*:\s*\d{3,}(?:\.\d+)?"
    r"|[A-Z]?K\d+\+\d+(?:\.\d+)?|[GSXYC]\d{2,4}\s*(?=国道|省道|县道|乡道|线|高速|公路)"
    r"|\d+\s*(?:#|号)\s*(?=线|楼|井|泵|闸|桥|公路|坝|机组|文|令)"
)
_AXIS = r"东经|西经|北纬|南纬|经度|纬度|经|纬|LONGITUDE|LATITUDE|LON|LNG|LAT|[EWNS]"
_MARKED = (
    rf"(?:(?:{_AXIS})[ ]*[:=为]?[ ]*)?(?<![\d.])\d{{1,3}}(?:\.\d+)?\s*[°度]"
    rf"(?:\s*{_N}\s*[′分](?:\s*{_N}\s*[″秒]|\s?{_N}(?![\d.°度′分]))?)?"
    r"(?:\s*[EWNS](?![A-Z\d]))?"
)
_COLONS = (
    rf"(?:(?:{_AXIS})[ ]*[:=]?[ ]*)?(?<![\d.:-])\d{{1,3}}(?P<mark>[:-])\d{{1,2}}(?P=mark){_N}(?![\d:-])"
    r"(?:\s*[EWNS](?![A-Z\d]))?"
)
_NAMED = rf"(?:东经|北纬|经度|纬度|LONGITUDE|LATITUDE|LON|LNG|LAT|[EN])[ ]*[:=为]?[ ]*{_N}(?![\d.])(?!\s*[°度′″分秒])"
_SIDED = rf"(?<![\d.]){_N}[ ]*[EN](?![A-Z\d])"
_LABEL = (
    rf"(?:{_CORNER}|点号|点位|点)[ ]*(?:编号)?[ ]*:?[ ]*(?P<l1>[A-Z]{{0,3}})[-_]?"
    rf"(?P<n1>\d{{1,4}})(?![\d.°度′])(?:\s*[#号](?:点|{_CORNER})?)?"
    rf"|(?<![A-Z\d])(?P<l2>[A-Z]{{1,4}})[-_]?(?P<n2>\d{{1,4}})(?![\d.°度′″])(?!-\d)(?:\s*[#号](?:点|{_CORNER})?)?"
    rf"|(?<![\d.])(?P<n3>\d{{1,4}})\s*(?:#|号)\s*(?:点|{_CORNER})?"
    rf"|(?<![A-Z\d])(?P<l4>[A-Z])\s*点"
)
_CLOSE = (
    r"首尾(?:相|依次)?[连接]+|(?:依次|顺次|顺序)\s*(?:用直线|以直线)?\s*(?:连线|连接|相连|闭合)|回到?\s*(?:起点|原点|起始点)|闭合(?:至|到)?(?:起点)?"
    r"|(?:至|到)\s*起点|连线\s*(?:围成|范围|区域|闭合)|(?:所)?(?:围成|圈定|围合)"
)
_HOLE = r"扣除|剔除|挖除|扣减|不含|不包含|不包括|除外|除去|镂空|内环|孔洞|内圈"
_HOLE += r"|除(?=[^.;\n]{1,30}?(?:以外|之外|外[,为的均]))"
_PLAIN = r"(?<![\d.])(?:\d{1,2}(?:,\d{3}){2}(?:\.\d+)?|\d{3},\d{3}\.\d+)(?![\d,])|\d+(?:\.\d+)+|\d+"
_TOKEN = re.compile(
    rf"(?P<known>{_SYSTEM}|{_ZONE}|{_DATE})|(?P<cnt>{_COUNT})|(?P<quantity>{_QUANTITY})|(?P<marked>{_MARKED})"
    rf"|(?P<colons>{_COLONS})|(?P<label>{_LABEL})|(?P<named>{_NAMED})|(?P<sided>{_SIDED})"
    rf"|(?P<close>{_CLOSE})|(?P<hole>{_HOLE})|(?P<plain>{_PLAIN})"
)
_DEGREES = ((73.0, 136.0), (3.0, 54.0))


@dataclass(frozen=True, kw_only=True)
class Token:
    """
    One piece of text that means something.

    ``value`` of a coordinate; ``series`` and ``number`` of a label (letters, and its number); ``number`` of a count.
    """

    kind: TokenKind
    text: str
    start: int
    end: int
    line: int
    value: Coordinate | None = None
    series: str = ""
    number: int = 0
    code: str = ""


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Folded text and its tokens in order; ``blanks`` are the places where a blank line parts the text."""

    text: str
    tokens: tuple[Token, ...]
    blanks: tuple[int, ...]
    starts: tuple[int, ...]
    lines: tuple[int, ...]

    def line_at(self, place: int) -> int:
        """Number of the line at a place of the text."""
        return self.lines[max(bisect_right(self.starts, place) - 1, 0)]


def count_of(text: str) -> int:
    """
    A count in digits or plain Chinese numerals up to 99; 0 if it is not understood.

    Examples
    --------
    >>> count_of("12"), count_of("十二"), count_of("二十"), count_of("两")
    (12, 12, 20, 2)
    """
    if text.isdecimal():
        return int(text)
    digits = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
    tens, mark, ones = text.partition("十")
    if mark and all(part == "" or part in digits for part in (tens, ones)):
        return 10 * digits.get(tens, 1) + digits.get(ones, 0)
    return digits.get(text, 0)


def label_of(cell: str) -> tuple[str, int] | None:
    """
    Letters and number of a cell that holds a point number and nothing else, else None.

    Examples
    --------
    >>> label_of("J01"), label_of("拐点3"), label_of("①"), label_of("7"), label_of("3#"), label_of("49.5")
    (('J', 1), ('', 3), ('', 1), ('', 7), ('', 3), None)
    """
    plain = _folded(cell).strip(" ,.:;()[]")
    if re.fullmatch(r"\d{1,4}", plain):
        return "", int(plain)
    match = re.fullmatch(_LABEL, plain)
    return None if match is None else _label(match)


def _label(match: re.Match[str]) -> tuple[str, int]:
    if match["l4"]:
        return "letter", ord(match["l4"]) - ord("A") + 1
    return match["l1"] or match["l2"] or "", int(match["n1"] or match["n2"] or match["n3"])


def _folded(text: str) -> str:
    plain = fold(_CIRCLES.sub(lambda match: _CIRCLED[match[0]], text)).upper()
    # runs of blanks say no more than one, and would make every optional blank of the patterns try them all
    return _ONE_AS_DASH.sub("-", re.sub(r"[^\S\n]+", " ", plain))


def scan(lines: Sequence[tuple[int, str]]) -> Scan:
    """
    Tokens of some lines.

    Parameters
    ----------
    lines
        Number and text of each line; a blank one parts what stands around it.

    Returns
    -------
    scan
        Coordinates carry their value; ``bad`` ones the code of what is wrong.

    Examples
    --------
    >>> found = scan([(7, "J1：东经119°45′56″，北纬49°12′43.9″；面积3.5公顷")])
    >>> [(token.kind, token.text) for token in found.tokens]
    [('label', 'J1'), ('coordinate', '东经119°45′56″'), ('coordinate', '北纬49°12′43.9″'), ('known', '面积3.5')]
    """
    starts: list[int] = []
    blanks: list[int] = []
    folded: list[str] = []
    length = 0
    for _, raw in lines:
        plain = _folded(raw).strip()
        if not plain:
            blanks.append(length)
        starts.append(length)
        folded.append(plain + "\n")
        length += len(plain) + 1
    text = "".join(folded)
    numbers = tuple(number for number, _ in lines)
    made = Scan(text=text, tokens=(), blanks=tuple(blanks), starts=tuple(starts), lines=numbers)
    tokens = [_token(match, made.line_at(match.start())) for match in _TOKEN.finditer(text)]
    return Scan(
        text=text, tokens=tuple(_with_bare_labels(tokens, text)), blanks=made.blanks, starts=made.starts, lines=numbers
    )


def _token(match: re.Match[str], line: int) -> Token:
    kind = str(match.lastgroup) if match.lastgroup in _GROUPS else next(g for g in _GROUPS if match[g] is not None)
    bare = Token(kind="known", text=match[0].strip(), start=match.start(), end=match.end(), line=line)
    if kind == "label":
        series, number = _label(match)
        return replace(bare, kind="label", series=series, number=number)
    if kind == "cnt":
        return replace(bare, kind="count", number=count_of(match["count"] or match["counted"]))
    if kind in {"known", "quantity"}:
        return bare
    if kind in {"close", "hole"}:
        return replace(bare, kind="close" if kind == "close" else "hole")
    return _coordinate(kind, match[0], bare)


_GROUPS = (
    "known", "cnt", "quantity", "marked", "colons", "label", "named", "sided", "close", "hole", "plain",
)  # fmt: skip


def _coordinate(kind: str, text: str, bare: Token) -> Token:
    plain = text.replace("为", ":")
    try:
        value = parse(plain)
    except CoordinateError as error:
        return replace(bare, kind="bad", code=error.code)
    if kind == "plain":
        size = abs(value.value)
        metres = 200_000 <= size < 46_000_000
        degrees = value.decimals >= 2 and any(low <= size <= high for low, high in _DEGREES)
        if not metres and not degrees:
            return replace(bare, kind="number", value=value)
    elif (
        kind == "marked"
        and value.notation == "decimal"
        and value.decimals == 0
        and value.axis is None
        and not (_DEGREES[0][0] <= value.value <= _DEGREES[0][1])
    ):
        return replace(bare, kind="number", value=value)
    return replace(bare, kind="coordinate", value=value)


def _with_bare_labels(tokens: list[Token], text: str) -> list[Token]:
    """A whole number right before a coordinate is its point number; two coarse degrees side by side are a place."""
    for one, other in itertools.pairwise(range(len(tokens))):
        first, second = tokens[one], tokens[other]
        if "number" in {first.kind, second.kind} and _coarse_pair(first, second, text):
            tokens[one], tokens[other] = replace(first, kind="coordinate"), replace(second, kind="coordinate")
    found: list[Token] = []
    for token, after in zip(tokens, [*tokens[1:], None][: len(tokens)], strict=True):
        bare = token.kind == "number" and token.text.isdecimal() and len(token.text) <= 4
        if bare and after is not None and after.kind in {"coordinate", "bad"}:
            between = text[token.end : after.start]
            before = text[: token.start].rpartition("\n")[2]
            starts = not before.strip() or before[-1] in " ,;.:(|/)]′″°EN秒分度"
            if starts and re.fullmatch(r"[\s,;.:()\[\]|XY=]*", between):
                found.append(replace(token, kind="label", number=int(token.text), value=None))
                continue
        found.append(token)
    return found


def _coarse_pair(first: Token, second: Token, text: str) -> bool:
    """Degrees with one decimal, or a whole degree with its mark, beside a coordinate of the other axis."""
    if first.value is None or second.value is None or not re.fullmatch(r"[\s,;/|()]*", text[first.end : second.start]):
        return False
    values = (first.value, second.value)
    if not all(one.decimals >= 1 or "°" in token.text for one, token in zip(values, (first, second), strict=True)):
        return False
    (west, east), (south, north) = _DEGREES
    pairs = ((values[0].value, values[1].value), (values[1].value, values[0].value))
    return any(west <= lon <= east and south <= lat <= north for lon, lat in pairs)
