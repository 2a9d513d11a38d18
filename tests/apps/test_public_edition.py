"""The file of a public edition, taken apart: nothing in it is finer than allowed, whatever it is packed in."""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import shapely

from maps.public_map.document import MapRequest
from maps.public_map.edition import Edition
from maps.public_map.page import build_page
from maps.view import layer_key
from spatial.packing import unpacked
from tests.restricted import AS_OF, CENTRE, KX, KY, PUBLIC, paired, restricted_workspace

if TYPE_CHECKING:
    from layers.workspace import FolderStore
    from maps.public_map.page import Page
    from tests.restricted import Paired

NEAR_M = 10.0
"""How near a coordinate of the file may come to an original vertex only by chance."""
_CHUNK = re.compile(r'<script type="application/octet-stream" id="chunk-([^"]+)"[^>]*>([^<]*)</script>')
_DOCUMENT = re.compile(r'<script type="application/json" id="map-document"[^>]*>(.*?)</script>', re.DOTALL)
_BESIDE = re.compile(rb'^sanxianChunk\("([^"]+)","([^"]*)"\)')
_NUMBER = re.compile(r"-?\d+\.\d+(?:[eE]-?\d+)?")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A page taken apart: all that an outsider finds in it."""

    html: str
    document: dict[str, Any]
    chunks: dict[str, tuple[dict[str, np.ndarray], Any]]
    raw: dict[str, bytes]
    """Each chunk unpacked to bytes as they stand, before anything is understood."""

    def of(self, layer: str) -> dict[str, tuple[dict[str, np.ndarray], Any]]:
        """The chunks of one layer, by what follows its key."""
        key = layer_key(layer)
        return {name.removeprefix(f"{key}-"): one for name, one in self.chunks.items() if name.startswith(key)}

    def level(self, layer: str, name: str) -> np.ndarray:
        """(n, 2) coordinates of a level, degrees."""
        arrays, document = self.of(layer)[name]
        head = document["level"]
        steps = arrays["xy"].reshape(-1, 2)
        return np.column_stack([head["lon0"], head["lat0"]]) + steps * head["step"]


def taken(page: Page) -> Taken:
    """Everything that is packed into a page or lies beside it."""
    found = _DOCUMENT.search(page.html)
    assert found is not None
    blocks = {key: base64.b64decode(text) for key, text in _CHUNK.findall(page.html)}
    for content in page.files.values():
        beside = _BESIDE.match(content)
        assert beside is not None
        blocks[beside[1].decode()] = base64.b64decode(beside[2])
    document = json.loads(found[1])
    assert set(blocks) == set(document["chunks"])
    return Taken(
        html=page.html,
        document=document,
        chunks={key: unpacked(block) for key, block in blocks.items()},
        raw={key: zlib.decompress(block) for key, block in blocks.items()},
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return restricted_workspace(tmp_path_factory.mktemp("公开") / "工作区")


@pytest.fixture(scope="module")
def pairs(store: FolderStore) -> dict[str, Paired]:
    return paired(store)


@pytest.fixture(scope="module", params=["one file", "folder"])
def public(request: pytest.FixtureRequest, store: FolderStore) -> Taken:
    return taken(build_page(store, MapRequest(as_of=AS_OF, edition=PUBLIC), folder=request.param == "folder"))


@pytest.fixture(scope="module")
def standard(store: FolderStore) -> Taken:
    return taken(build_page(store, MapRequest(as_of=AS_OF)))


def numbers_of(value: Any) -> list[float]:
    """Every number in a JSON document, those inside texts too."""
    if isinstance(value, dict):
        return [n for one in value.values() for n in numbers_of(one)]
    if isinstance(value, list):
        return [n for one in value for n in numbers_of(one)]
    if isinstance(value, str):
        return [float(n) for n in _NUMBER.findall(value)]
    return [float(value)] if isinstance(value, int | float) else []


def metres(xy: np.ndarray) -> np.ndarray:
    return (xy - np.array(CENTRE)) * np.array([KX, KY])


def nearest_m(xy: np.ndarray, originals: np.ndarray) -> np.ndarray:
    """Of each original vertex the distance to the nearest coordinate, metres."""
    tree = shapely.STRtree(shapely.points(metres(xy)))
    return np.asarray(tree.query_nearest(shapely.points(metres(originals)), return_distance=True, all_matches=False)[1])


HIDDEN = ["红线", "水源"]


class TestWhatIsInTheFile:
    @pytest.mark.parametrize("layer", HIDDEN)
    def test_every_coordinate_of_a_generalised_layer_is_on_its_grid(
        self, public: Taken, pairs: dict[str, Paired], layer: str
    ):
        step = pairs[layer].shown.coordinate_step
        names = [name for name in public.of(layer) if name != "features"]
        assert "coverage" in names
        for name in names:
            arrays, _ = public.of(layer)[name]
            assert not any(values.dtype.kind == "f" for values in arrays.values()), "numbers that no grid holds"
            steps = public.level(layer, name) / step
            assert np.abs(steps - np.round(steps)).max() < 1e-6

    @pytest.mark.parametrize("layer", HIDDEN)
    def test_there_is_no_index_of_a_generalised_layer(self, public: Taken, layer: str):
        assert not [name for name in public.of(layer) if "index" in name]
        judge = next(one["judge"] for one in public.document["layers"] if one["name"] == layer)
        assert (judge["precision"], judge["proves"], judge["chunk"]) == ("generalised", False, None)

    @pytest.mark.parametrize("layer", HIDDEN)
    def test_boxes_are_on_the_grid_and_areas_are_those_of_the_shapes(
        self, public: Taken, pairs: dict[str, Paired], layer: str
    ):
        columns, _ = public.of(layer)["features"]
        shown, original = pairs[layer].shown, pairs[layer].layer.index
        for name in ("bounds", "rejected_boxes"):
            steps = columns[name] / shown.coordinate_step
            assert (steps == np.round(steps)).all()
        assert not np.isin(columns["area_m2"], original.feature_area_m2).any()
        assert (columns["area_m2"] > original.feature_area_m2).all()

    def test_no_coordinate_comes_near_a_vertex_more_often_than_chance(self, public: Taken, pairs: dict[str, Paired]):
        """The same coordinates moved by up to a cell come as near as often: what they are near to says nothing."""
        rng = np.random.default_rng(3)
        for layer in HIDDEN:
            xy = np.concatenate([public.level(layer, name) for name in public.of(layer) if name != "features"])
            boxes = public.of(layer)["features"][0]["bounds"].reshape(-1, 2)
            xy = np.concatenate([xy, boxes])
            near = np.count_nonzero(nearest_m(xy, pairs[layer].originals) < NEAR_M)
            chance = [
                np.count_nonzero(nearest_m(xy + rng.uniform(0, 1 / 64, 2), pairs[layer].originals) < NEAR_M)
                for _ in range(40)
            ]
            assert near <= np.mean(chance) + 4 * max(np.std(chance), 1.0)

    def test_no_number_of_the_document_is_a_coordinate_of_a_vertex(self, public: Taken, pairs: dict[str, Paired]):
        """In the document, in the tables of features, and in every array of floating-point numbers."""
        floats = numbers_of({k: v for k, v in public.document.items() if k != "chunks"})
        own = [layer_key(layer) for layer in HIDDEN]
        for key, (arrays, document) in public.chunks.items():
            floats += numbers_of(document)
            if key.startswith(tuple(own)):
                floats += [float(n) for values in arrays.values() if values.dtype.kind == "f" for n in values]
        found = np.array(sorted({n for n in floats if np.isfinite(n)}))
        for layer in HIDDEN:
            for axis in (0, 1):
                values = np.unique(pairs[layer].originals[:, axis])
                place = np.clip(np.searchsorted(found, values), 1, len(found) - 1)
                gap = np.minimum(np.abs(found[place] - values), np.abs(found[place - 1] - values))
                assert not (gap < 1e-9).any()

    def test_the_bytes_of_no_vertex_are_in_any_chunk(self, public: Taken, pairs: dict[str, Paired]):
        """As a number of eight bytes, either way round: an index, a WKB, a column kept by mistake."""
        opens = set(pairs["单元"].originals.ravel().tolist())  # the open layer's own numbers: see the warning
        for layer in HIDDEN:
            secret = sorted(set(pairs[layer].originals.ravel().tolist()) - opens)
            assert len(secret) > 100
            for key, raw in public.raw.items():
                flat = _floats_by_place(public.chunks[key][0])
                for number in secret:
                    assert struct.pack("<d", number) not in raw
                    assert struct.pack(">d", number) not in raw
                    assert struct.pack("<d", number) not in flat

    def test_no_vertex_stands_anywhere_as_text(self, public: Taken, pairs: dict[str, Paired]):
        texts = {f"{n:.6f}"[:-1] for layer in HIDDEN for n in pairs[layer].originals.ravel()}
        document = json.dumps(public.document, ensure_ascii=False)
        tables = json.dumps([one for _, one in public.chunks.values()], ensure_ascii=False)
        for number in set(_NUMBER.findall(document + tables)):
            assert number[:10] not in texts

    def test_names_codes_and_facts_of_generalised_layers_are_not_there(self, public: Taken):
        everything = public.html + json.dumps([one for _, one in public.chunks.values()], ensure_ascii=False)
        for word in ("秘密红线", "秘密水厂", "HX00001", "河道水源"):
            assert word not in everything
        assert "ZH15078130001" in everything  # of the open layer: the search above does find things

    def test_digests_and_versions_of_generalised_layers_are_not_there(self, public: Taken, pairs: dict[str, Paired]):
        everything = public.html + json.dumps([one for _, one in public.chunks.values()], ensure_ascii=False)
        for layer in (*HIDDEN, "单元"):  # of the open layer too: they digest the texts that are left out of it
            entry, card = pairs[layer].layer.entry, pairs[layer].layer.card
            for secret in (entry.version, card.content_digest, card.sha256, entry.checksums_sha256):
                assert secret
                assert secret not in everything
                assert secret[:8] not in everything
            assert card.coverage_version is not None
            assert card.coverage_version not in everything

    def test_names_of_files_are_not_there(self, public: Taken, standard: Taken):
        """A coverage was read from a file, and what a file is called may say more than the layer does."""
        names = [
            json.dumps([page.document, [one for _, one in page.chunks.values()]], ensure_ascii=False)
            for page in (public, standard)
        ]
        for file in ("coverage.geojson", "made.geojson"):
            assert file not in names[0]
        assert "coverage.geojson" in names[1]

    def test_which_coverages_are_one_is_still_told(self, public: Taken):
        judges = {one["name"]: one["judge"] for one in public.document["layers"]}
        told = {name: (judge["coverage_source"], judge["coverage_version"]) for name, judge in judges.items()}
        assert told["红线"] == told["水源"] != told["单元"]

    def test_every_note_of_a_layer_has_words_in_both_languages(self, public: Taken):
        notes = [note for one in public.document["layers"] for note in one["notes"]]
        assert notes
        assert all(note["zh"] != note["en"] for note in notes)

    def test_what_is_withheld_is_listed_with_whom_to_ask(self, public: Taken):
        lines = [(line["layer"], line["ask"]) for line in public.document["withheld"]]
        assert ("红线", "某市自然资源局") in lines
        assert ("水源", "某市生态环境局") in lines
        assert all(line["what"][x] and line["why"][x] for line in public.document["withheld"] for x in ("zh", "en"))

    def test_no_boundary_of_a_country_or_district_and_no_locating_is_there_unasked(self, public: Taken):
        assert public.document["base"] == []
        assert public.document["allow"] == {"locate": False, "upload": False, "annotate": False}
        assert public.document["edition"] == "public"


class TestThatTheSearchFinds:
    """The same searches on the standard edition: they do find what is there."""

    def test_the_standard_edition_is_full_of_the_vertices(self, standard: Taken, pairs: dict[str, Paired]):
        lon = float(pairs["水源"].originals[0, 0])
        assert any(struct.pack("<d", lon) in raw for raw in standard.raw.values())
        assert "秘密水厂" in json.dumps([one for _, one in standard.chunks.values()], ensure_ascii=False)

    def test_its_coordinates_are_near_the_vertices_far_more_often_than_chance(
        self, standard: Taken, pairs: dict[str, Paired]
    ):
        xy = np.concatenate([standard.level("红线", n) for n in standard.of("红线") if n.startswith("level")])
        assert np.mean(nearest_m(xy, pairs["红线"].originals) < NEAR_M) > 0.3


class TestSwitches:
    def test_an_open_layer_that_shares_the_boundary_is_warned_of(self, store: FolderStore):
        page = build_page(store, MapRequest(as_of=AS_OF, edition=PUBLIC))
        assert [(g.code, g.layer, g.restricted) for g in page.contents.given_away] == [
            ("shared_boundary_shown", "单元", "红线")
        ]

    def test_a_precision_for_the_open_layer_hides_it_as_well(self, store: FolderStore):
        edition = Edition(public=True, precision_m={"单元": 50.0})
        page = build_page(store, MapRequest(as_of=AS_OF, edition=edition))
        assert page.contents.given_away == ()
        assert {one["judge"]["precision"] for one in taken(page).document["layers"]} == {"generalised"}

    def test_an_attribute_that_quotes_coordinates_is_left_out_of_an_open_layer(self, public: Taken, standard: Taken):
        quoted = "117.5013"
        assert quoted in json.dumps([one for _, one in standard.chunks.values()], ensure_ascii=False)
        assert quoted not in json.dumps([one for _, one in public.chunks.values()], ensure_ascii=False)
        assert "禁止开矿" in json.dumps([one for _, one in public.chunks.values()], ensure_ascii=False)

    def test_what_is_allowed_is_offered(self, store: FolderStore):
        edition = Edition(public=True, allow_locate=True, allow_upload=True)
        allowed = taken(build_page(store, MapRequest(as_of=AS_OF, edition=edition))).document["allow"]
        assert allowed == {"locate": True, "upload": True, "annotate": False}

    def test_two_builds_of_the_same_are_the_same_bytes(self, store: FolderStore):
        pages = [build_page(store, MapRequest(as_of=AS_OF, edition=PUBLIC)) for _ in range(2)]
        assert pages[0].html == pages[1].html


def _floats_by_place(arrays: dict[str, np.ndarray]) -> bytes:
    """Floating-point arrays as they were before they were packed byte by byte."""
    return b"".join(values.astype("<f8").tobytes() for values in arrays.values() if values.dtype.kind == "f")
