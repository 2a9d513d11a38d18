"""What is printed and reported of the rules of a site across districts, and of clauses that may prohibit it."""

from __future__ import annotations

import json

import pytest
import shapely

from layers.workspace import FolderStore
from maps.report import report_of
from maps.report.ruling_content import ruling_sections
from screening.words import word
from tests.apps.cli import run
from tests.building import add, workspace_at
from tests.unit.test_rules_adversary import ACROSS, CITY, LAND, MINES, OWN


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Commands on a workspace without source zones: whether one is there, nobody knows."""
    folder = tmp_path_factory.mktemp("across")
    made = workspace_at(folder / "ws", "red_lines", "water_sources")
    add(made, "red_lines", [shapely.box(117.1, 49.1, 117.2, 49.2)], [{}], coverage=LAND, name="红线")
    (folder / "site.geojson").write_text(shapely.to_geojson(ACROSS), "utf-8")
    for name, code in (("city", CITY), ("mines", MINES)):
        (folder / f"{name}.toml").write_text(OWN.format(name=name, code=code), "utf-8")
    files = [text for name in ("city", "mines") for text in ("--rules", str(folder / f"{name}.toml"))]
    site = ["check", str(folder / "site.geojson"), "-w", str(made.root), "--as-of", "2026-11-22"]

    def command(*more):
        found = run(*site, *more)
        assert found.exit_code == 0, found.stderr
        return found.stdout

    whole = {
        lang: command(*files, "--activity", "采矿", "--lang", lang, "--json", str(folder / "a.json"))
        for lang in ("zh", "en")
    }
    brief = {lang: command("--lang", lang) for lang in ("zh", "en")}
    return whole, brief, json.loads((folder / "a.json").read_text("utf-8")), FolderStore.open(made.root)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_district_is_printed_with_its_packs_and_its_clauses(said, lang):
    whole, _, result, _ = said
    flat = "".join(whole[lang].split())
    for name in ("city", "mines"):
        digest = next(
            pack["sha256"]
            for d in result["districts"]["districts"]
            for pack in d["ruling"]["packs"]
            if pack["id"] == name
        )
        assert digest[:12] in flat
        assert f"{name}-ban" in flat
    assert "".join(word("district.unit_lists_unknown", lang).split()) in flat  # no layer of units


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_prohibition_that_may_apply_is_named_where_nothing_was_said_of_the_project(said, lang):
    """No layer of source zones: article 319 may apply, and was not even named."""
    brief = "".join(said[1][lang].split())
    assert "cn-code-319" in brief


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_has_the_rules_of_each_district_and_none_for_a_site_in_one(said, lang):
    result = said[2]
    made = report_of(result, geometry=ACROSS, overlaps=(), layers=(), language=lang)
    (section,) = [one for one in made.sections if one.key == "district_rules"]
    tables = [block for block in section.blocks if type(block).__name__ == "Table"]
    ids = [[row[3] for row in table.rows] for table in tables]
    order = [d["code"] for d in result["districts"]["districts"]]
    for code, own, other in ((CITY, "city-ban", "mines-ban"), (MINES, "mines-ban", "city-ban")):
        mine = ids[order.index(code)]
        assert own in mine
        assert other not in mine
        assert "cn-code-319" in mine  # what may prohibit is there
    one = {
        **result,
        "districts": {
            **result["districts"],
            "districts": [{**d, "ruling": None} for d in result["districts"]["districts"]],
        },
    }
    keys = [s.key for s in report_of(one, geometry=ACROSS, overlaps=(), layers=(), language=lang).sections]
    assert "district_rules" not in keys


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_report_tells_every_note_of_a_ruling(said, lang):
    """Only an ended plan was told; that a list may be missing was not."""
    ruling = said[2]["ruling"]
    assert "unit_lists_unknown" in [note["code"] for note in ruling["notes"]]
    texts = [getattr(block, "text", "") for block in ruling_sections(ruling, lang)[0].blocks]
    assert word("rules.note_unit_lists_unknown", lang) in texts
