"""A table read piece by piece: no record is lost, counted twice, misplaced or taken for more accurate than it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from screening.batch.intake import sites_of

if TYPE_CHECKING:
    from pathlib import Path

    from screening.batch.intake import Taken

HEAD = "名称,经度,纬度\n"
GOOD = [f"站点{i},117.{400 + i}123,49.5" for i in range(12)]


def taken(path: Path, text: str, *, rows: int, encoding: str = "utf-8", **said: str) -> list[Taken]:
    path.write_bytes(text.encode(encoding))
    return list(sites_of(path, rows=rows, **said))


def shown(found: list[Taken]) -> list[tuple[object, ...]]:
    return [
        (t.number, t.name, t.code, None if t.site is None else (t.site.geometry.wkt, t.site.accuracy)) for t in found
    ]


@pytest.mark.parametrize(
    "odd",
    [
        '12" 管,117.5,49.5',  # a quote that opens nothing
        '"甲,一",117.5,49.5',
        '"甲\n一",117.5,49.5',
        "丙,-,-",  # what stands under a header as a row of units
        "丙,度,度",
        "丙,abc,49.5",
        "丙,117.5",
        ",,",
        "",
        "　,,",
        "# 丙,117.5,49.5",
        "丙,49.5,117.5",
        "丙,5480000.10,39500000.20",
        "丙,179.5,49.5",
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_row_of_any_kind_in_a_later_piece_is_what_it_is_in_the_whole(tmp_path, odd, end, encoding):
    """At the head of a piece, within one and at the end of one."""
    for at in (4, 5, 7, 11):
        lines = [*GOOD[:at], odd, *GOOD[at:]]
        text = (HEAD + "\n".join(lines) + "\n").replace("\n", end)
        whole = taken(tmp_path / "w.csv", text, rows=1000, encoding=encoding)
        pieces = taken(tmp_path / "w.csv", text, rows=4, encoding=encoding)
        assert shown(pieces) == shown(whole)
        assert [t.number for t in pieces] == list(range(1, len(pieces) + 1))


@pytest.mark.parametrize("blank", ["", "\n", ",,\n,,\n"])
def test_a_row_that_cannot_be_read_is_called_by_its_place_in_the_file_in_whatever_piece(tmp_path, blank):
    lines = [*GOOD[:5], "丙,abc,49.5", *GOOD[5:10], "丁,abc,49.5"]
    text = HEAD + "\n".join(lines[:2]) + "\n" + blank + "\n".join(lines[2:]) + "\n"
    for size in (1, 3, 4, 1000):
        found = taken(tmp_path / "n.csv", text, rows=size)
        at = 7 + len(blank.splitlines())  # the header is row 1
        assert [t.trouble.partition(":")[0] for t in found if t.site is None] == [
            f"n.csv, layer n, record {at}", f"n.csv, layer n, record {at + 6}",
        ]  # fmt: skip


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path):
    lines = [*GOOD[:6], '"丙,117.5,49.5', *GOOD[6:]]
    found = taken(tmp_path / "q.csv", HEAD + "\n".join(lines) + "\n", rows=4)
    assert [t.number for t in found] == list(range(1, 14))
    assert [t.number for t in found if t.site is None] == [7]
    assert [t.name for t in found if t.site] == [line.split(",")[0] for line in GOOD]


@pytest.mark.parametrize(("place", "metres"), [("117°27′,49°30′", 927.5), ("117°27′10″,49°30′10″", 15.0)])
def test_places_written_in_a_coarser_way_are_never_as_accurate_as_the_first_rows(tmp_path, place, metres):
    """Half a minute of 1855 m; whole seconds; beside 5 m of the first rows. 1 m is that of a datum assumed."""
    text = HEAD + "\n".join([*GOOD[:6], f"丙,{place}", *GOOD[6:]]) + "\n"
    whole = {t.number: t for t in taken(tmp_path / "m.csv", text, rows=1000)}
    found = {t.number: t for t in taken(tmp_path / "m.csv", text, rows=4)}
    assert found[7].site.accuracy.metres == pytest.approx((metres**2 + 1) ** 0.5)
    assert found[7].site.accuracy == whole[7].site.accuracy
    assert found[1].site.accuracy.metres == pytest.approx(26**0.5)


def test_what_the_first_piece_is_in_holds_for_all_rows_however_many_differ(tmp_path):
    """Of the file most rows are projected; its first piece is in degrees, and later rows cannot make it another."""
    projected = [f"桩{i},5480000.10,39500{i:03}.20" for i in range(20)]
    found = taken(tmp_path / "k.csv", HEAD + "\n".join([*GOOD[:4], *projected, *GOOD[4:]]) + "\n", rows=4)
    assert [t.number for t in found if t.site] == [*range(1, 5), *range(25, 33)]
    assert len(found) == 32


def test_rows_of_another_zone_are_refused_never_put_into_the_first(tmp_path):
    rows = [f"桩{i},{39500000 + i}.20,5480000.10" for i in range(6)] + ["丙,40500000.20,5480000.10"]
    found = taken(tmp_path / "z.csv", "名称,Y,X\n" + "\n".join(rows) + "\n", rows=4)
    assert [t.number for t in found if t.site is None] == [7]
    assert found[6].code == "ZoneConflictError"


def test_corners_under_one_name_are_one_parcel_wherever_a_piece_would_end(tmp_path):
    corners = ["117.4,49.5", "117.41,49.5", "117.41,49.51", "117.4,49.51"]
    rows = [f"{name},J{i},{c}" for name in ("甲", "乙", "丙") for i, c in enumerate(corners, 1)]
    text = "地块名称,点号,经度,纬度\n" + "\n".join(rows) + "\n"
    for size in (2, 3, 4, 5):
        found = taken(tmp_path / "c.csv", text, rows=size)
        assert [t.site.geometry.geom_type for t in found] == ["Polygon"] * 3
