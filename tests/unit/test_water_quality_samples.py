"""Tables of water samples: cells, headers, units, means."""

from __future__ import annotations

from decimal import Decimal

import pytest

from layers.errors import SampleTableError, SampleUnitError, SampleValueError
from layers.water_quality import surface
from layers.water_quality.cells import read_cell
from layers.water_quality.headers import HeaderError, column_of
from layers.water_quality.means import yearly_means
from layers.water_quality.samples import read_samples, samples_of_rows
from layers.water_quality.standards import standard
from layers.water_quality.units import between, unit_of
from spatial.errors import MalformedSourceError

SURFACE, GROUND = standard("gb3838"), standard("gbt14848")


def table(*rows: str, asked=SURFACE, **said):
    return samples_of_rows([row.split("|") for row in rows], asked, file="a.csv", **said)


@pytest.mark.parametrize(
    ("text", "number", "sign"),
    [
        ("0.12", "0.12", "="),
        (" ０．１２ ", "0.12", "="),
        ("<0.01", "0.01", "<"),
        ("＜0.01", "0.01", "<"),
        ("0.01L", "0.01", "<"),
        ("0.01 l", "0.01", "<"),
        ("未检出(0.004)", "0.004", "<"),
        ("ND(0.004L)", "0.004", "<"),
        ("未检出（<0.004）", "0.004", "<"),
        (">24000", "24000", ">"),
        ("≥24000", "24000", ">"),
        ("2.4×10⁴", "24000", "="),
        ("2.4×10^4", "24000", "="),
        ("1.5E-3", "0.0015", "="),
        ("4×10⁻⁵L", "0.00004", "<"),
        ("1,200", "1200", "="),
    ],
)
def test_numbers_are_read_as_people_write_them(text, number, sign):
    found = read_cell(text)
    assert (found.number, found.sign, found.unit) == (Decimal(number), sign, "")


@pytest.mark.parametrize("text", ["ND", "nd", "未检出", "N.D.", "低于检出限"])
def test_not_detected_without_a_number_has_no_limit(text):
    assert (read_cell(text).number, read_cell(text).sign) == (None, "<")


@pytest.mark.parametrize("text", ["", "-", "—", "--", "/", "未监测", "-1", "断流", "冰封"])
def test_no_value_is_no_value(text):
    assert read_cell(text) is None


@pytest.mark.parametrize("text", ["0.0.1", "-0.3", "约5", "1,20", "0,05", "abc", "1 2", "×10⁴", "0.1*"])
def test_what_is_no_value_is_refused_with_its_place(text):
    with pytest.raises(SampleValueError, match=r"row 2, 氨氮: .* is no measured value"):
        table("断面|氨氮(mg/L)", f"甲|{text}")


@pytest.mark.parametrize(
    ("header", "code", "unit"),
    [
        ("氨氮(mg/L)", "ammonia_nitrogen", "mg/L"),
        ("NH3-N mg/L", "ammonia_nitrogen", "mg/L"),
        ("氨氮（以N计，mg/L）", "ammonia_nitrogen", "mg/L"),
        ("氨氮(NH3-N)(毫克/升)", "ammonia_nitrogen", "mg/L"),
        ("CODMn(mg/L)", "codmn", "mg/L"),
        ("COD\n(mg/L)", "cod", "mg/L"),
        ("CODcr", "cod", None),
        ("化学需氧量", "cod", None),
        ("汞(μg/L)", "mercury", "ug/L"),
        ("总汞_ug/L", "mercury", "ug/L"),
        ("铬（六价）(mg/L)", "chromium_vi", "mg/L"),
        ("粪大肠菌群(个/L)", "faecal_coliforms", "个/L"),
        ("粪大肠菌群（MPN/L）", "faecal_coliforms", "MPN/L"),
        ("pH值(无量纲)", "ph", "-"),
        ("溶解氧≥", "do", None),
        ("总磷(湖、库)(mg/L)", "total_phosphorus", "mg/L"),
        ("TP", "total_phosphorus", None),
        ("苯并(a)芘(ng/L)", "benzo_a_pyrene", "ng/L"),
    ],
)
def test_headers_name_indicators_by_many_names(header, code, unit):
    found = column_of(header, SURFACE)
    assert (found.indicator.code, found.unit and found.unit.name) == (code, unit)


def test_permanganate_index_is_oxygen_consumption_in_groundwater():
    assert column_of("高锰酸盐指数(mg/L)", GROUND).indicator.code == "oxygen_consumption"
    assert column_of("CODMn", GROUND).indicator.code == "oxygen_consumption"


@pytest.mark.parametrize("header", ["氨氮超标倍数", "电导率(μS/cm)", "经度", "code", "No", "Type", "铁路", "备注"])
def test_other_columns_name_no_indicator(header):
    assert column_of(header, SURFACE) is None


@pytest.mark.parametrize(
    ("header", "match"), [("氨氮(ppm)", "no unit"), ("硝酸盐(以NO3-计,mg/L)", "expressed as no3-, the limit as N"), ("铁(mmol/L)", "no unit")]
)  # fmt: skip
def test_what_stands_in_brackets_must_be_understood(header, match):
    with pytest.raises(HeaderError, match=match):
        column_of(header, SURFACE)


def test_units_are_converted_exactly():
    assert between(Decimal("0.1"), unit_of("ug/L"), unit_of("mg/L")) == Decimal("0.0001")
    assert between(Decimal(3), unit_of("CFU/100mL"), unit_of("个/L")) == 30
    assert between(Decimal(3), unit_of("MPN/L"), unit_of("个/100mL")) == Decimal("0.3")
    with pytest.raises(ValueError, match="mass"):
        between(Decimal(1), unit_of("mg/L"), unit_of("个/L"))
    found = table("断面|汞(ug/L)|粪大肠菌群(MPN/100mL)", "甲|0.1|20").samples[0].values
    assert found["mercury"].value == Decimal("0.0001")  # equals the limit of class III: no binary dust
    assert SURFACE.indicator("mercury").place(found["mercury"].value) == 2
    assert found["faecal_coliforms"].value == 200


def test_a_unit_in_a_cell_holds_for_that_cell():
    assert table("断面|汞(mg/L)", "甲|0.05ug/L").samples[0].values["mercury"].value == Decimal("0.00005")
    with pytest.raises(SampleValueError, match="row 2, 汞"):
        table("断面|汞(mg/L)", "甲|5个/L")


def test_units_may_stand_above_the_table_or_in_a_row_below_the_header():
    above = table("表1 监测结果||单位：mg/L（pH无量纲）", "断面|pH|氨氮", "甲|7.1|0.5")
    assert {key: str(one.value) for key, one in above.samples[0].values.items()} == {
        "ph": "7.1",
        "ammonia_nitrogen": "0.5",
    }
    below = table("断面|pH|汞|氨氮", "|无量纲|μg/L|(mg/L)", "甲|7.1|0.1|0.5")
    assert below.samples[0].values["mercury"].value == Decimal("0.0001")
    assert len(below.samples) == 1


def test_a_missing_unknown_or_wrong_unit_stops_the_table():
    with pytest.raises(SampleUnitError, match=r"column '氨氮': it states no unit"):
        table("断面|氨氮", "甲|0.5")
    assert table("断面|氨氮", "甲|0.5", unit="mg/L").samples[0].values["ammonia_nitrogen"].value == Decimal("0.5")
    with pytest.raises(SampleUnitError, match=r"column '氨氮\(ppm\)': 'ppm' is no unit"):
        table("断面|氨氮(ppm)", "甲|0.5")
    with pytest.raises(SampleUnitError, match="个/L is no unit of 氨氮"):
        table("断面|氨氮(个/L)", "甲|0.5")
    with pytest.raises(SampleUnitError, match="no unit that is known"):
        table("断面|氨氮", "甲|0.5", unit="ppm")
    with pytest.raises(SampleUnitError, match="states no unit"):
        table("单位：mg/L", "断面|粪大肠菌群", "甲|200")  # counts are not in mg/L
    with pytest.raises(SampleUnitError, match="header says mg/L, the row below ug/L"):
        table("断面|汞(mg/L)", "|ug/L", "甲|0.5")


def test_a_table_without_indicators_or_with_two_of_one_is_refused():
    with pytest.raises(SampleTableError, match="no column names an indicator"):
        table("断面|日期", "甲|2026")
    with pytest.raises(SampleTableError, match="two columns name 氨氮"):
        table("断面|氨氮(mg/L)|NH3-N(ug/L)", "甲|0.5|500")


def test_an_impossible_ph_is_refused():
    with pytest.raises(SampleValueError, match="row 2, pH: '75'"):
        table("断面|pH", "甲|75")


def test_dry_and_frozen_rows_say_so_wherever_it_is_written():
    rows = (
        "断面|日期|氨氮(mg/L)|备注",
        "甲|2026-01|断流|",
        "甲|2026-02||冰封",
        "甲|2026-03||",
        "甲|2026-04|0.5|曾断流",
    )
    found = table(*rows).samples
    assert [one.state for one in found] == ["dry", "frozen", None, None]
    assert [surface.assess(one).reason for one in found] == ["dry", "frozen", "no_values", None]
    assert found[3].warnings == ("state_beside_values",)


def test_rows_of_means_and_limits_are_no_samples():
    found = table("断面|氨氮(mg/L)", "甲|0.5", "平均值|0.5", "标准限值|1.0")
    assert (len(found.samples), found.skipped) == (1, ("平均值", "标准限值"))


def test_a_row_of_detection_limits_serves_values_that_state_none():
    found = table("断面|汞(ug/L)", "检出限|0.04", "甲|ND", "乙|0.1L")
    assert [str(one.values["mercury"].high) for one in found.samples] == ["0.00004", "0.0001"]
    assert found.samples[0].values["mercury"].value == Decimal("0.00002")


def test_targets_and_published_classes_are_read_with_their_basis():
    rows = ("断面|氨氮(mg/L)|水质目标|水质类别|依据", "二卡牧场|2.4|Ⅴ|V|扣除本底值", "乙|0.1|好|达标|")
    first, second = table(*rows).samples
    assert (first.target, first.published.class_, first.published.basis) == ("V", "V", "扣除本底值")
    assert second.warnings == ("target_not_understood", "published_not_understood")
    assert (second.published.class_, second.published.text) == (None, "达标")


def test_columns_that_are_not_used_are_said():
    assert table("断面|电导率|氨氮(mg/L)|经度", "甲|5|0.5|117").ignored == ("电导率", "经度")


def test_yearly_means_leave_out_dry_months_and_count_them():
    rows = ["断面|日期|氨氮(mg/L)|汞(ug/L)|pH"]
    rows += [f"甲|2026-{month:02d}|{text}|0.04L|8" for month, text in enumerate(("0.9", "1.0", "1.1"), start=1)]
    rows += ["甲|2026-04|断流||", "甲|2025-12|3|0.3|7", "乙|2026-01|0.2||"]
    first, older, other = yearly_means(table(*rows).samples, SURFACE)
    assert (first.section, first.date, first.months) == ("甲", "2026", (3, 1))
    assert first.values["ammonia_nitrogen"].value == 1  # (0.9 + 1.0 + 1.1) / 3: meets III exactly
    mercury = first.values["mercury"]
    assert (mercury.value, mercury.low, mercury.high) == (Decimal("0.00002"), 0, Decimal("0.00004"))
    assert (mercury.is_below, mercury.count, mercury.count_below) == (True, 3, 3)
    assert (older.date, older.values["mercury"].value) == ("2025", Decimal("0.0003"))
    assert "mercury" not in other.values
    assert surface.assess(first, target="III").class_raw == "III"


def test_a_mean_carries_what_the_detection_limits_leave_open():
    found = yearly_means(table("断面|日期|铅(mg/L)", "甲|20260105|0.01", "甲|20260205|<0.1").samples, SURFACE)[0]
    lead = found.values["lead"]
    assert (lead.value, lead.low, lead.high) == (Decimal("0.03"), Decimal("0.005"), Decimal("0.055"))
    assert surface.assess(found).undecided == ("lead",)
    unknown = yearly_means(table("断面|日期|铅(mg/L)", "甲|2026-01|0.01", "甲|2026-02|ND").samples, SURFACE)[0]
    assert unknown.values["lead"].value is None
    assert surface.assess(unknown).is_assessed is False


def test_a_year_all_dry_has_no_class():
    found = yearly_means(table("断面|日期|氨氮(mg/L)", "甲|2026-01|断流", "甲|2026-02|断流").samples, SURFACE)[0]
    assert (found.months, surface.assess(found).reason) == ((0, 2), "dry")


def test_csv_files_in_gbk_and_workbooks_are_read(tmp_path):
    path = tmp_path / "监测.csv"
    path.write_bytes("断面,日期,氨氮(mg/L)\r\n甲,2026-01,0.5\r\n".encode("gbk"))
    found = read_samples(path, SURFACE)
    assert (found.samples[0].section, str(found.samples[0].values["ammonia_nitrogen"].value)) == ("甲", "0.5")
    geopandas = pytest.importorskip("geopandas", reason="writes the workbook")
    book = tmp_path / "book.xlsx"
    frame = geopandas.pd.DataFrame({"断面": ["甲", "乙"], "氨氮(mg/L)": [0.15, 0.5], "备注": ["", "断流"]})
    import pyogrio

    pyogrio.write_dataframe(frame, book, layer="地表水", driver="XLSX")
    found = read_samples(book, SURFACE, sheet="地表水")
    assert [str(one.values["ammonia_nitrogen"].value) for one in found.samples] == ["0.15", "0.5"]
    assert SURFACE.indicator("ammonia_nitrogen").place(found.samples[0].values["ammonia_nitrogen"].value) == 0
    with pytest.raises(SampleTableError, match="no column in its first 12 rows"):
        read_samples(book, SURFACE, sheet="别的")


def test_what_is_no_table_is_refused(tmp_path):
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}', "utf-8")
    with pytest.raises(MalformedSourceError, match="it is geojson, no table"):
        read_samples(tmp_path / "a.geojson", SURFACE)
