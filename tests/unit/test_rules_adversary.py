"""Ways in which a ruling once said less than it should: each of these clauses had vanished, or was said too surely."""

from __future__ import annotations

import pytest
import shapely

from layers.workspace import FolderStore
from screening.dossier import examine
from screening.errors import AccessListError, UnknownRuleWordError
from screening.inquiry import Inquiry, RuleFile
from screening.project import Project
from screening.rules.access_lists import packs_of_table
from screening.rules.loading import load_pack, pack_of
from screening.rules.phrases import question_words
from screening.rules.place import StatedFeature, StatedPlace
from screening.rules.ruling import rule, ruling_of
from screening.rules.vocabulary import activities_of, facts_of
from screening.screen import screen
from screening.site import place, site_of
from spatial import boundaries
from spatial.datafiles import data_file
from tests.building import add, reading_of, workspace_at

DAY = "2026-11-22"
LAND = shapely.box(117, 49, 118, 50)
NATIONAL = load_pack(data_file("rules", "packs", "national.toml"))
CITY, MINES = "150781", "150703"  # 满洲里市, 扎赉诺尔区
ACROSS = shapely.box(117.5, 49.49, 117.6, 49.53)


def pack(when, name="x", **more):
    row = {
        "id": f"{name}-1",
        "heading": "spatial_layout",
        "consequence": "prohibited",
        "title_zh": "甲",
        "title_en": "A",
    }
    row |= {"text_zh": "乙", "text_en": "B", "status": "unverified", "when": when}
    head = {"id": name, "level": "city", "title_zh": "甲", "title_en": "A", "source": "文", **more}
    return pack_of({"pack": head, "clause": [row]}, file="x.toml")


def asked(when, features=(), occupations=(("permanent", "surface"),), **project):
    there = StatedPlace(features=tuple(features), occupations=occupations)
    return ruling_of(there, Project(**project), [pack(when)], as_of=DAY).state("x-1")


def national(clause, *features, **project):
    return ruling_of(StatedPlace(features=features), Project(**project), [NATIONAL], as_of=DAY).state(clause)


def zone(class_):
    return StatedFeature(kind="water_sources", class_=class_)


# --- activities ------------------------------------------------------------------------------------------------------


def test_saying_what_a_project_is_does_not_say_that_it_has_no_trait():
    """A paper mill in the quasi zone: nobody said that it pollutes the water severely, and nobody that it does not."""
    mill, more = {"activities": ("papermaking",)}, {"project_type": "new"}
    assert national("cn-code-321", zone("zone_quasi"), **mill, facts=more) == "may_apply"
    denied = facts_of(["trait:水体污染严重=否"])
    assert denied == {"trait:severe_water_pollution": False}
    assert national("cn-code-321", zone("zone_quasi"), **mill, facts=more | denied) == "does_not_apply"
    stated = facts_of(["trait:severe_water_pollution=是"])
    assert national("cn-code-321", zone("zone_quasi"), **mill, facts=more | stated) == "applies"


def test_a_trait_that_has_a_fact_of_its_own_is_settled_by_it():
    road = {"activities": ("road",)}
    assert national("cn-code-318", zone("zone_1"), **road) == "may_apply"
    assert national("cn-code-318", zone("zone_1"), **road, facts={"outfall": False}) == "does_not_apply"
    with pytest.raises(UnknownRuleWordError, match="trait:outfall"):
        facts_of(["trait:outfall=否"])
    assert "--fact outfall=" in question_words({"code": "activity", "tag": "outfall"}, "en")


def test_a_trait_denied_is_denied_in_its_narrower_forms_and_stated_is_open_for_them():
    cadmium = {"activity": ["cadmium_works"]}
    road = ("road",)
    assert asked(cadmium, activities=road, facts={"trait:heavy_metal": False}) == "does_not_apply"
    assert asked(cadmium, activities=road, facts={"trait:heavy_metal": True}) == "may_apply"
    assert asked({"activity": ["heavy_metal"]}, activities=road, facts={"trait:cadmium_works": True}) == "applies"


@pytest.mark.parametrize("word", ["尾矿库", "矸石场"])
def test_tailings_and_spoil_are_solid_waste_in_the_red_line(word):
    red = StatedFeature(kind="red_lines", class_="red_line")
    assert national("cn-code-1171", red, activities=activities_of([word])) == "applies"


def test_a_waterworks_with_a_hotel_is_not_all_related_to_water_supply():
    """Article 319 spares what serves water supply; the rest of such a project it does not spare."""
    works = ("water_supply",)
    assert national("cn-code-319", zone("zone_1"), activities=works) == "does_not_apply"
    assert national("cn-code-319", zone("zone_1"), activities=(*works, "tourism")) == "may_apply"
    assert national("cn-code-319", zone("zone_1"), activities=(*works, "groundwater_abstraction")) == "does_not_apply"


def test_an_industry_that_mines_is_not_denied_by_stating_its_tailings_pond():
    mine = {"activity": ["mining"]}
    pond = ("tailings_pond",)
    found = [asked(mine, activities=pond, industry=code) for code in (None, "0810", "B", "2521", "0111")]
    assert found == ["does_not_apply", "may_apply", "may_apply", "does_not_apply", "does_not_apply"]


def test_an_intake_for_a_works_of_any_kind_is_no_waterworks():
    assert activities_of(["取水工程"]) == ("water_abstraction",)
    assert national("cn-code-319", zone("zone_1"), activities=activities_of(["取水工程"])) == "applies"


def test_one_part_in_a_tunnel_spares_no_part_on_the_surface():
    above = {"not": {"mode": ["tunnel"]}}
    tunnel, surface = ("permanent", "tunnel"), ("permanent", "surface")
    found = [asked(above, occupations=parts) for parts in ((tunnel,), (tunnel, surface), (surface,))]
    assert found == ["does_not_apply", "may_apply", "applies"]
    assert asked({"not": {"use": ["temporary"]}}, occupations=(("temporary", "surface"), surface)) == "may_apply"


# --- distances -------------------------------------------------------------------------------------------------------


def test_a_distance_to_one_river_says_nothing_of_the_other():
    rivers = {"near": ["松花江", "哈拉哈河"], "within_m": 3000}
    far, near = {"distance_m:松花江": 90_000.0}, {"distance_m:哈拉哈河": 200.0}
    found = [asked(rivers, facts=facts) for facts in (far, far | near, far | {"distance_m:哈拉哈河": 3000.5})]
    assert found == ["may_apply", "applies", "does_not_apply"]


def rivers_at(path, kind, name, **more):
    store = workspace_at(path / "ws", kind if kind != "other" else "red_lines")
    row = {"名称": name, "编码": "ZH15078120001", "分类": "重点管控单元"}
    add(store, kind, [shapely.box(117.4, 49.4, 117.5, 49.5)], [row], **more)
    return FolderStore.open(store.root)


@pytest.mark.parametrize(
    ("kind", "name", "state"),
    [
        ("control_units", "黄河流域重点管控单元", "may_apply"),
        ("control_units", "黄河", "applies"),
        ("other", "黄河（某段）", "applies"),
    ],
)
def test_what_bears_the_name_of_a_river_is_not_the_river(tmp_path, kind, name, state):
    more = {"role": "context", "meaning": "水系"} if kind == "other" else {}
    store = rivers_at(tmp_path, kind, name, **more)
    site = site_of(shapely.box(117.44, 49.44, 117.45, 49.45), accuracy_m=5)
    asked_of = pack({"near": ["黄河"], "within_m": 1000})
    assert rule(screen(site, store, as_of=DAY), Project(), [asked_of], store=store, site=site).state("x-1") == state


# --- zones and units -------------------------------------------------------------------------------------------------


def test_within_an_intakes_distance_the_clauses_of_every_zone_may_apply(tmp_path):
    """300 m around an intake are a zone of its source; of which class, nobody said."""
    store = workspace_at(tmp_path / "ws", "water_sources")
    add(store, "water_sources", [shapely.Point(117.5, 49.5)], [{"名称": "甲"}], influence_m=300, coverage=LAND)
    store = FolderStore.open(store.root)
    near, far = (site_of(shapely.Point(117.5, lat).buffer(0.0005), accuracy_m=5) for lat in (49.5005, 49.6))
    kinds = [screen(site, store, as_of=DAY).kinds["water_sources"] for site in (near, far)]
    assert kinds == ["hit", "clear"]
    found = [
        rule(screen(site, store, as_of=DAY), Project(), [NATIONAL], store=store, site=site).state(clause)
        for site in (near, far)
        for clause in ("cn-code-319", "cn-gb3838-zone-2")
    ]
    assert found == ["may_apply", "may_apply", "does_not_apply", "does_not_apply"]


@pytest.mark.parametrize(
    ("zone", "core"),
    [("核心区", "applies"), ("缓冲区", "applies"), ("实验区", "may_apply"), ("一般控制区", "does_not_apply")],
)
def test_the_old_zones_of_a_reserve_deny_no_core(tmp_path, zone, core):
    """实验区 is read as general; where the core lies now, only the newly approved boundary says."""
    store = workspace_at(tmp_path / "ws", "protected_areas")
    row = {"类型": "自然保护区", "功能分区": zone, "状态": "已批准", "名称": "甲保护区"}
    add(store, "protected_areas", [LAND], [row], coverage=LAND)
    found = ruled(FolderStore.open(store.root), NATIONAL)
    assert found.state("cn-reserve-26") == core


@pytest.mark.parametrize(
    ("layer", "feature", "state"),
    [
        ("水源", "西湖水源一级保护区", "applies"),
        ("水源", "东湖水源一级保护区", "does_not_apply"),
        ("水源", "一级保护区", "may_apply"),
        ("水源", "二级保护区（陆域）", "may_apply"),
        ("水源", None, "may_apply"),
        ("西湖水源", "一级保护区", "applies"),
    ],
)
def test_a_name_that_only_says_which_zone_it_is_denies_no_name(tmp_path, layer, feature, state):
    store = workspace_at(tmp_path / "ws", "water_sources")
    add(store, "water_sources", [LAND], [{"名称": feature, "级别": "一级"}], coverage=LAND, name=layer)
    asked_of = pack({"kind": "water_sources", "name": ["西湖"]})
    assert ruled(FolderStore.open(store.root), asked_of).state("x-1") == state


def units_at(path, *rows):
    store = workspace_at(path / "ws", "control_units")
    add(store, "control_units", [LAND], list(rows), coverage="layer", name="单元")
    return FolderStore.open(store.root)


SPOT = site_of(shapely.box(117.5, 49.5, 117.51, 49.51), accuracy_m=5)


def ruled(store, *packs, site=SPOT):
    return rule(screen(site, store, as_of=DAY), Project(), packs, store=store, site=site)


def test_the_list_of_a_unit_without_a_code_is_listed(tmp_path):
    store = units_at(tmp_path, {"管控单元分类": "优先保护单元", "空间布局约束": "禁止开矿"})
    (row,) = ruled(store).clauses
    assert (row.clause.text_zh, row.state, row.pack.level) == ("禁止开矿", "may_apply", "unit")


def test_a_pack_that_took_a_units_id_does_not_hide_its_list(tmp_path):
    code = "ZH15078110001"
    store = units_at(tmp_path, {"编码": code, "管控单元分类": "优先保护单元", "空间布局约束": "禁止开矿"})
    taken = pack({"kind": "red_lines"}, name=f"unit-{code}")
    assert "禁止开矿" in [row.clause.text_zh for row in ruled(store, taken).clauses if row.state == "applies"]


@pytest.mark.parametrize("written", ["zh15078110001", "ＺＨ１５０７８１１０００１", "ZH150781 10001"])
def test_a_code_is_the_same_in_any_spelling(tmp_path, written):
    store = units_at(tmp_path, {"编码": "ZH15078110001", "管控单元分类": "优先保护单元"})
    assert ruled(store, pack({"unit": [written]})).state("x-1") == "applies"


def test_a_list_may_be_missing_where_a_version_is_past_its_date(tmp_path):
    store = workspace_at(tmp_path / "ws", "control_units")
    row = {"编码": "ZH15078110001", "管控单元分类": "优先保护单元"}
    add(store, "control_units", [LAND], [row], coverage="layer", valid_from="2020-01-01", valid_until="2024-12-31")
    store = FolderStore.open(store.root)
    assert screen(SPOT, store, as_of=DAY).kinds["control_units"] == "hit"
    assert [note["code"] for note in ruled(store).notes] == ["unit_lists_unknown"]


def test_a_site_of_which_a_part_was_not_read_says_that_its_clauses_are_not_known(tmp_path):
    store = units_at(tmp_path, {"编码": "ZH15078110001", "管控单元分类": "优先保护单元"})
    reading = reading_of([SPOT.geometry], unreadable=[("9", None)])
    site = place(reading, accuracy_m=5)
    assert "site_part_rejected" in [note["code"] for note in ruled(store, NATIONAL, site=site).notes]
    assert "site_part_rejected" not in [note["code"] for note in ruled(store, NATIONAL).notes]


def test_before_the_code_what_nothing_older_stands_for_is_told():
    def notes(day):
        found = ruling_of(StatedPlace(), Project(), [NATIONAL], as_of=day)
        return {name for note in found.notes if note["code"] == "older_law_missing" for name in note["clauses"]}

    assert notes(DAY) == set()
    assert "cn-code-1171" in notes("2026-08-14")
    assert "cn-code-319" not in notes("2026-08-14")  # article 65 of the old law is in force
    assert {"cn-code-319", "cn-water-65"} <= notes("2017-12-31")


# --- lists and numbers -----------------------------------------------------------------------------------------------


def test_a_merged_cell_of_what_is_prohibited_prohibits_in_every_row(tmp_path):
    file = tmp_path / "list.csv"
    rows = ["层级,管控维度,类型,要求原文", "市,空间布局约束,禁止,甲", ",,,乙", ",环境风险防控,,丙"]
    file.write_text("\n".join(rows), encoding="utf-8")
    (found,) = packs_of_table(file)
    assert [c.consequence for c in found.clauses] == ["prohibited", "prohibited", "requirement"]


def test_an_industry_that_may_have_lost_its_zero_is_refused(tmp_path):
    file = tmp_path / "list.csv"
    lines = ["层级,管控维度,要求原文,行业代码", "市,空间布局约束,甲,{code}"]
    file.write_text("\n".join(lines).format(code="810"), encoding="utf-8")
    with pytest.raises(AccessListError, match="lost its zero"):
        packs_of_table(file)
    file.write_text("\n".join(lines).format(code="C252"), encoding="utf-8")
    assert packs_of_table(file)[0].clauses[0].condition.to_dict() == {"industry": ["252"]}


def test_a_project_whose_industry_may_have_lost_its_zero_denies_no_mining():
    """810 is of section O; a workbook makes it of 0810, iron ore."""
    found = [asked({"industry": ["B"]}, industry=code) for code in ("810", "0810", "8110", "252")]
    assert found == ["may_apply", "applies", "does_not_apply", "does_not_apply"]


@pytest.mark.parametrize(("text", "number"), [("50,000", 5e4), ("５００００", 5e4), ("5e4", 5e4), ("0.5", 0.5)])
def test_numbers_that_are_one(text, number):
    assert facts_of([f"water_m3_per_year={text}"]) == {"water_m3_per_year": number}


@pytest.mark.parametrize("text", ["0,5", "1,5", "5万", "1_000", "-1", "nan", "inf", "1e999", "50000吨", "1,0000"])
def test_numbers_that_are_none_or_may_be_another(text):
    """0,5 was read as 5."""
    with pytest.raises(UnknownRuleWordError):
        facts_of([f"water_m3_per_year={text}"])


# --- several districts -----------------------------------------------------------------------------------------------


OWN = """
[pack]
id = "{name}"
level = "city"
title_zh = "{name}的规则"
title_en = "rules of {name}"
source = "文"
districts = ["{code}"]

[[clause]]
id = "{name}-ban"
heading = "spatial_layout"
consequence = "prohibited"
title_zh = "禁止开矿"
title_en = "no mining"
text_zh = "禁止开矿。"
text_en = "No mining."
status = "unverified"
when = {{ activity = ["mining"] }}

[[clause]]
id = "{name}-note"
heading = "risk_control"
consequence = "information"
title_zh = "说明"
title_en = "a note"
text_zh = "说明。"
text_en = "A note."
status = "unverified"
when = {{ activity = ["mining"] }}
"""


FILES = tuple(
    RuleFile(name=f"{name}.toml", content=OWN.format(name=name, code=code).encode())
    for name, code in (("manzhouli-own", CITY), ("jalainur-own", MINES))
)


@pytest.fixture(scope="module")
def across_store(tmp_path_factory):
    """Two districts, each with a unit of its own and its list."""
    made = workspace_at(tmp_path_factory.mktemp("across") / "ws", "control_units")
    city = boundaries.district(CITY).geometry
    halves = [shapely.intersection(LAND, city), shapely.difference(LAND, city)]
    rows = [
        {"编码": "ZH15078110001", "管控单元分类": "优先保护单元", "空间布局约束": "甲单元的清单"},
        {"编码": "ZH15070320001", "管控单元分类": "重点管控单元", "空间布局约束": "乙单元的清单"},
    ]
    add(made, "control_units", halves, rows, coverage="layer", name="单元")
    return FolderStore.open(made.root)


@pytest.fixture(scope="module")
def across(across_store):
    """A mine across the two, each of which has a pack of its own."""
    mine = Project(activities=("mining",))
    return examine(Inquiry(site=site_of(ACROSS, accuracy_m=1), as_of=DAY, project=mine, rules=FILES), across_store)


def test_a_site_across_two_districts_has_the_packs_of_each_on_its_own_piece(across):
    found = {d["code"]: d["ruling"] for d in across.districts["districts"]}
    assert set(found) == {CITY, MINES}
    for code, own, other in ((CITY, "manzhouli-own", "jalainur-own"), (MINES, "jalainur-own", "manzhouli-own")):
        packs = {row["id"]: row["sha256"] for row in found[code]["packs"]}
        assert own in packs
        assert other not in packs
        assert len(packs[own]) == 64
        states = {row["id"]: row["state"] for row in found[code]["clauses"]}
        assert states[f"{own}-ban"] == "applies"  # of the whole site it may apply only: the site lies in both
        assert f"{other}-ban" not in states
        assert f"{own}-note" not in states  # information limits nothing
    assert across.ruling.state("manzhouli-own-ban") == across.ruling.state("jalainur-own-ban") == "may_apply"


def test_each_piece_names_the_lists_of_its_own_units(across):
    lists = {
        d["code"]: {one["id"]: one["state"] for one in d["ruling"]["unit_lists"]} for d in across.districts["districts"]
    }
    assert lists[CITY]["unit-ZH15078110001"] == lists[MINES]["unit-ZH15070320001"] == "applies"
    # the pieces end at the border, which is the border of the units: the neighbour's is within the accuracy
    assert {lists[CITY].get("unit-ZH15070320001"), lists[MINES].get("unit-ZH15078110001")} <= {"may_apply", None}


def test_the_clauses_of_a_piece_are_listed_strictest_first_and_only_those_that_limit(across):
    order = ["prohibited", "restricted", "needs_approval"]
    for district in across.districts["districts"]:
        found = [order.index(row["consequence"]) for row in district["ruling"]["clauses"]]
        assert found == sorted(found)
        assert {row["state"] for row in district["ruling"]["clauses"]} <= {"applies", "may_apply"}


def test_a_site_in_one_district_has_no_ruling_beside_that_of_the_whole(tmp_path):
    store = units_at(tmp_path, {"编码": "ZH15078110001", "管控单元分类": "优先保护单元"})
    spot = Inquiry(site=site_of(shapely.Point(117.45, 49.58), accuracy_m=5), as_of=DAY)
    assert [d["ruling"] for d in examine(spot, store).districts["districts"]] == [None]


def test_where_the_border_is_too_inaccurate_the_piece_is_of_no_district_for_sure(across_store):
    """100 m across a border that is accurate to kilometres: all of it may lie on either side."""
    seam = shapely.intersection(*(shapely.boundary(boundaries.district(code).geometry) for code in (CITY, MINES)))
    longest = max(shapely.get_parts(shapely.line_merge(seam)), key=lambda part: part.length)
    middle = longest.interpolate(0.5, normalized=True)
    spot = site_of(shapely.box(*middle.buffer(0.0007).bounds), accuracy_m=1)
    inquiry = Inquiry(site=spot, as_of=DAY, project=Project(activities=("mining",)), rules=FILES)
    found = {d["code"]: d for d in examine(inquiry, across_store).districts["districts"]}
    assert {code: d["share_at_least"] for code, d in found.items()} == {CITY: 0.0, MINES: 0.0}
    for district in found.values():
        states = {row["id"]: row["state"] for row in district["ruling"]["clauses"]}
        assert (states["manzhouli-own-ban"], states["jalainur-own-ban"]) == ("may_apply", "may_apply")
