"""A project of a route and parcels: what is said of the route, drawn of it, and asked again of it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest
import shapely

from layers.workspace import FolderStore
from maps.figure.static_map import static_map
from screening.certificate.canonical import canonical, parsed
from screening.outline import outlines_of
from screening.project import Project
from screening.rules.matching import Circumstances, match
from screening.rules.model import FactLeaf
from screening.rules.place import StatedPlace
from screening.screen import screen
from screening.site import site_of
from tests.building import add, workspace_at

CITY = shapely.box(117.2, 49.3, 117.9, 49.8)
LEGS = [(117.40, 49.58), (117.50, 49.58), (117.50, 49.64)]
ROUTE = shapely.LineString(LEGS)
PARCEL = shapely.box(117.498, 49.639, 117.502, 49.641)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A route from west to east and then north, with a parcel at its end, over a red line across its first leg."""
    store = workspace_at(tmp_path_factory.mktemp("route") / "ws", "red_lines")
    add(store, "red_lines", [shapely.box(117.42, 49.57, 117.44, 49.59)], [{"红线名称": "甲"}], coverage=CITY)
    store = FolderStore.open(store.root)
    site = site_of(shapely.geometrycollections([ROUTE, PARCEL]), accuracy_m=1)
    return site, store, screen(site, store, as_of="2026-11-22")


def test_the_share_of_a_route_is_of_the_length_where_no_parcel_lies_in_the_layer(asked):
    _, _, verdict = asked
    (finding,) = verdict.findings
    assert finding.answer == "hit"
    # 0.02 of a degree east; the legs are 0.10 of a degree east and 0.06 north, where a degree is 72.3 and 111.2 km
    expected = 0.02 * 72.3 / (0.10 * 72.3 + 0.06 * 111.2)
    assert finding.share == pytest.approx(expected, rel=0.01)
    assert verdict.to_dict()["findings"][0]["features"][0]["share"] == pytest.approx(finding.share, abs=1e-9)


def test_a_route_beside_a_parcel_is_not_filled_from_end_to_end(asked):
    site, store, verdict = asked
    result = verdict.to_dict()
    figure = static_map(
        result,
        geometry=verdict.geometry,
        overlaps=verdict.overlaps,
        layers=outlines_of(result, store, site=site.geometry),
    )
    drawn = [node.attrib for node in ET.fromstring(str(figure.svg)).iter("{http://www.w3.org/2000/svg}path")]
    black = [one for one in drawn if one.get("stroke") == "#111111" and float(one["stroke-width"]) == 3]
    # the ring of the parcel is closed and filled; the route, of three places, is neither
    assert [one["d"].rstrip().upper().endswith("Z") for one in black if one["fill"] == "none"] == [False]
    assert [one["d"].rstrip().upper().endswith("Z") for one in black if one["fill"] != "none"] == [True]


@pytest.mark.parametrize(("stated", "wanted", "truth"), [(6.0, 6.0, "yes"), (7.0, 6.0, "no"), (True, True, "yes")])
def test_a_fact_means_after_a_certificate_what_it_meant_before(stated, wanted, truth):
    project = Project(facts={"limited_activity": stated})
    again = Project.from_dict(parsed(canonical(project.to_dict())))
    leaf = FactLeaf(key="limited_activity", test="is", value=wanted)
    for one in (project, again, Project.from_dict(json.loads(json.dumps(project.to_dict())))):
        assert match(leaf, Circumstances(StatedPlace(), one)).truth == truth


def test_yes_is_no_number():
    leaf = FactLeaf(key="limited_activity", test="is", value=1.0)
    assert match(leaf, Circumstances(StatedPlace(), Project(facts={"limited_activity": True}))).truth == "no"
