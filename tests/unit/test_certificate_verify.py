"""One byte altered anywhere is found and named; so is everything else that differs."""

from __future__ import annotations

import json
import shutil
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely

from layers.leaves import LEAVES, feature_rows, recomputed_root, stored_leaves
from layers.merkle import climbed, path_to, root_of
from layers.workspace import FolderStore
from layers.workspace.manifest import MANIFEST, decode_manifest, encode_manifest
from layers.workspace.version import write_files
from screening.certificate import Certificate, certificate_of, features_document, read_envelope, verify, write_features
from screening.certificate.comparison import DAMAGED_CODES, DIFFERENCE_CODES, NOTE_CODES
from screening.certificate.envelope import Envelope, new_key, read_public_key
from screening.dossier import examine
from screening.errors import EnvelopeError, KeyFileError
from screening.inquiry import RuleFile
from screening.words import word
from tests.building import add, workspace_at
from tests.certifying import certificate_for, dossier_for, workspace_of_all_kinds

if TYPE_CHECKING:
    from pathlib import Path

FIELDS = """
operator = "张三"
unit = "某环境科学研究院"
time = 2026-11-22T10:00:00+08:00

[[layer]]
name = "红线"
supplier = "某市自然资源局"
document = "自然资函〔2026〕12号"

[[office]]
name = "某市生态环境局"
reply = "尚未答复"
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    return workspace_of_all_kinds(tmp_path_factory.mktemp("original") / "ws")


@pytest.fixture(scope="module")
def certificate(original):
    return certificate_for(original)


@pytest.fixture
def copied(original, tmp_path) -> Path:
    shutil.copytree(original.root, tmp_path / "ws")
    return tmp_path / "ws"


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at < 0 else at] ^= 1
    path.write_bytes(bytes(data))


def named(found):
    return [(d.code, d.layer) for d in found.differences]


def test_one_flipped_byte_in_any_file_of_any_version_is_found_and_named(original, certificate, copied):
    """Read or not: every file of every version that answered, in a workspace where all else is whole."""
    data = certificate.to_bytes()
    tried = 0
    for entry in original.entries:
        folder = copied / "layers" / entry.folder / entry.version
        for name, size in entry.sizes:
            if size == 0 or (entry.layer != "保护地" and name != "features.gpkg"):
                continue  # the files of one layer stand for those of all
            flip(folder / name)
            found = verify(data, FolderStore.open(copied))
            flip(folder / name)
            assert found.outcome == "damaged", name
            assert found.differences[0].layer == entry.layer
            assert found.differences[0].version == entry.version
            assert found.differences[0].at.startswith(name), (name, found.differences[0])
            tried += 1
    assert tried > 40
    assert verify(data, FolderStore.open(copied)).outcome == "identical"


def test_the_list_of_the_workspace_flipped_or_gone_is_found(certificate, copied):
    flip(copied / MANIFEST)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert (found.outcome, named(found)) == ("damaged", [("workspace_unreadable", None)])
    (copied / MANIFEST).unlink()
    assert verify(certificate.to_bytes(), FolderStore.open(copied)).outcome == "damaged"


def test_a_file_that_is_gone_or_cut_is_named(original, certificate, copied):
    entry = original.entries[0]
    folder = copied / "layers" / entry.folder / entry.version
    (folder / "rejected.gpkg").write_bytes((folder / "rejected.gpkg").read_bytes()[:-1])
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert found.outcome == "damaged"
    assert found.differences[0].at.startswith("rejected.gpkg")
    shutil.rmtree(folder)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert (found.outcome, found.differences[0].layer) == ("damaged", entry.layer)


def test_a_folder_that_nobody_named_is_found(certificate, copied):
    (copied / "layers" / "stray" / "v0001-00000000").mkdir(parents=True)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert found.outcome == "damaged"
    assert any(d.code == "workspace_damaged" and "layers/stray" in d.at for d in found.differences)


def test_sources_and_verdicts_take_no_part(certificate, copied):
    for folder in ("sources", "verdicts"):
        (copied / folder).mkdir(exist_ok=True)
        (copied / folder / "x").write_bytes(b"?")
    assert verify(certificate.to_bytes(), FolderStore.open(copied)).outcome == "identical"


OWN = """
[pack]
id = "own"
level = "city"
title_zh = "本局规则"
title_en = "our rules"
source = "本局"

[[clause]]
id = "own-1"
heading = "spatial_layout"
consequence = "prohibited"
title_zh = "红线内不得"
title_en = "not in the red line"
text_zh = "红线内不得建设"
text_en = "nothing is built in the red line"
status = "unverified"
when = { kind = "red_lines" }
"""


@pytest.fixture(scope="module")
def signed(original, tmp_path_factory):
    """A certificate with a user's rule pack, an envelope and a signature; and the public key."""
    folder = tmp_path_factory.mktemp("keys")
    private, public = new_key()
    (folder / "key.pem").write_bytes(private)
    (folder / "pub.pem").write_bytes(public)
    (folder / "envelope.toml").write_text(FIELDS, encoding="utf-8")
    envelope = read_envelope(folder / "envelope.toml", key=folder / "key.pem", layers=("红线", "单元"))
    asked = replace(dossier_for(original).inquiry, rules=(RuleFile(name="own.toml", content=OWN.encode()),))
    made = certificate_of(examine(asked, original), original, envelope=envelope)
    return made, read_public_key(folder / "pub.pem")


def test_a_signed_certificate_is_identical_and_says_whose_key_it_is(original, signed):
    made, public = signed
    found = verify(made.to_bytes(), original, public_key=public)
    assert found.outcome == "identical", found.differences
    import hashlib

    assert found.signed_by == hashlib.sha256(public).hexdigest()


def test_one_byte_altered_anywhere_in_a_certificate_is_found(signed):
    """Body, a rule pack of the user's own, what was observed, envelope, signature: no byte is free."""
    data = signed[0].to_bytes()
    areas = [
        data.index(f'"{key}":'.encode())
        for key in ("body", "envelope", "observed", "public_key", "signature", "base64")
    ]
    places = {*range(0, len(data), 151), *(at + i for at in areas for i in range(12)), len(data) - 1}
    for at in sorted(places):
        altered = bytearray(data)
        altered[at] ^= 1
        assert verify(bytes(altered), None).outcome == "damaged", (at, data[max(0, at - 20) : at + 20])
    for altered in (data[:-1], data + b" ", b" " + data, data.replace(b",", b", ", 1), b"\xef\xbb\xbf" + data):
        assert verify(altered, None).outcome == "damaged"


def test_a_certificate_that_was_spelled_anew_is_named_by_the_byte(certificate):
    data = certificate.to_bytes()
    at = data.index(b'"body"')
    found = verify(data[:at] + b" " + data[at:], None)
    assert [(d.code, d.at) for d in found.differences] == [("certificate_spelling", str(at))]


def test_a_damaged_certificate_is_compared_all_the_same_so_that_the_place_is_named(original, certificate):
    body = json.loads(json.dumps(certificate.body))
    body["result"]["findings"][0]["features"][0]["overlap_m2"] += 1
    document = json.loads(certificate.to_bytes()) | {"body": body}
    from screening.certificate.canonical import canonical

    found = verify(canonical(document) + b"\n", original)
    assert found.outcome == "damaged"
    assert found.differences[0].code == "certificate_digest"
    assert any(d.code == "result" and d.at.endswith(".overlap_m2") and d.layer for d in found.differences)


# --- somebody who rewrites every digest of the workspace


def rewritten(root: Path, layer: str, change) -> None:
    """A version altered, and every digest of the workspace made to fit."""
    store = FolderStore.open(root)
    entry = next(e for e in store.entries if e.layer == layer)
    stored = store.open_version(entry)
    arrays = {name: np.array(stored.array(name)[:]) for name in stored.names}
    files = {
        n: stored.read(n)
        for n, _ in entry.sizes
        if not n.startswith("index/") and n not in {"card.json", "checksums.json"}
    }
    card = stored.card
    change(card, arrays, files)
    folder = root / "layers" / entry.folder / entry.version
    shutil.rmtree(folder)
    folder.mkdir()
    sizes, checksums = write_files(folder, card=card, arrays=arrays, files=files)
    manifest = decode_manifest((root / MANIFEST).read_bytes())
    made = replace(entry, sizes=tuple(sorted(sizes.items())), checksums_sha256=checksums)
    entries = tuple(made if e == entry else e for e in manifest.entries)
    (root / MANIFEST).write_bytes(encode_manifest(replace(manifest, entries=entries)))
    assert FolderStore.open(root).verify() == ()  # the workspace itself can no longer tell


def test_a_version_whose_every_digest_was_rewritten_is_found(certificate, copied):
    def drop(card, arrays, files):
        arrays["records/counts"][:] = 0

    rewritten(copied, "红线", drop)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert found.outcome == "different"
    assert ("version_rewritten", "红线") in named(found)
    assert any(d.code == "result" and d.at.startswith("result.in_red_line") for d in found.differences)
    assert (found.answer, found.answer_now) == ("hit", "hit")  # the control unit is still met


def test_a_published_feature_that_was_moved_with_every_digest_rewritten_is_found(certificate, copied):
    def move(card, arrays, files):
        north = struct.pack("<d", 49.7 + 0.01)  # of 丁, far from the site: the answer stays
        assert north in files["features.gpkg"]
        moved = struct.pack("<d", 49.7 + 0.02)
        files["features.gpkg"] = files["features.gpkg"].replace(north, moved)

    rewritten(copied, "红线", move)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert {("version_rewritten", "红线"), ("content_digest", "红线")} <= set(named(found))


def test_words_of_a_feature_rewritten_in_the_records_alone_are_found(certificate, copied):
    def rename(card, arrays, files):
        text = arrays["records/text"].tobytes()
        assert "丁".encode() in text
        arrays["records/text"] = np.frombuffer(text.replace("丁".encode(), "戊".encode()), dtype=np.uint8)

    rewritten(copied, "红线", rename)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert ("version_damaged", "红线") in named(found)  # records and published file contradict each other


def test_a_list_of_kinds_rewritten_with_its_digest_is_found(certificate, copied):
    manifest = decode_manifest((copied / MANIFEST).read_bytes())
    (copied / MANIFEST).write_bytes(encode_manifest(replace(manifest, required_kinds=("red_lines",))))
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert found.outcome == "different"
    assert any(d.code == "workspace" and d.at.startswith("workspace.required_kinds") for d in found.differences)


def test_an_answer_that_was_unknown_for_damage_is_unknown_again(original, copied):
    """What was damaged then and is now is no difference; mended, it is one, and the layer is named."""
    entry = next(e for e in original.entries if e.layer == "红线")
    lost = copied / "layers" / entry.folder / entry.version / "features.gpkg"
    kept = lost.read_bytes()
    lost.unlink()
    hurt = FolderStore.open(copied)
    made = certificate_for(hurt)
    assert made.body["result"]["kinds"]["red_lines"] == "unknown"
    assert made.body["workspace"]["damages"] == [{"code": "file_missing", "kind": "red_lines", "layer": "红线"}]
    assert verify(made.to_bytes(), hurt).outcome == "identical"
    lost.write_bytes(kept)
    found = verify(made.to_bytes(), FolderStore.open(copied))
    assert found.outcome == "different"
    assert "红线" in {d.layer for d in found.differences}


# --- time goes on


def test_later_versions_and_layers_change_nothing_and_are_noted(certificate, copied):
    store = FolderStore.open(copied)
    add(store, "red_lines", [shapely.box(117.3, 49.3, 117.4, 49.4)], name="红线", replace=True, data_date="2025-01-01")
    add(store, "other", [shapely.box(117.44, 49.57, 117.46, 49.59)], name="新层", role="protective", meaning="湿地")
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert found.outcome == "identical", found.differences
    assert {("newer_version", "红线"), ("layer_added", "新层")} <= {(n.code, n.layer) for n in found.notes}
    came_later = next(e for e in FolderStore.open(copied).entries if e.layer == "新层")
    (copied / "layers" / came_later.folder / came_later.version / "features.gpkg").unlink()
    assert FolderStore.open(copied).damages  # damage in what came later is none of this certificate's
    assert verify(certificate.to_bytes(), FolderStore.open(copied)).outcome == "identical"


def test_a_version_that_was_pruned_is_named(certificate, copied):
    store = FolderStore.open(copied)
    add(store, "red_lines", [shapely.box(117.3, 49.3, 117.4, 49.4)], name="红线", replace=True, data_date="2025-01-01")
    store = FolderStore.open(copied)
    store.prune(lambda e: e.layer != "红线" or e.sequence > 8)
    found = verify(certificate.to_bytes(), FolderStore.open(copied))
    assert (found.outcome, named(found)) == ("different", [("version_missing", "红线")])
    assert found.differences[0].version == next(
        v["version"] for v in certificate.observed["versions"] if v["layer"] == "红线"
    )


def test_an_unused_version_without_a_date_is_remembered_when_it_has_been_pruned(tmp_path):
    """Of two versions one is undated: there is no ``clear``; asked again without it, the reason is still known."""
    store = workspace_at(tmp_path / "ws", "red_lines")
    far = [shapely.box(117.8, 49.7, 117.81, 49.71)]
    cover = shapely.box(117.2, 49.3, 117.9, 49.8)
    add(store, "red_lines", far, name="红线", data_date=None, coverage=cover)
    add(store, "red_lines", far, name="红线", coverage=cover, replace=True)
    store = FolderStore.open(store.root)
    made = certificate_for(store)
    assert made.body["result"]["answer"] == "unknown"
    store.prune(lambda e: e.sequence == 2)
    assert verify(made.to_bytes(), FolderStore.open(store.root)).outcome == "identical"


def test_another_version_of_a_library_is_named_and_the_answer_said_to_be_the_same(original, certificate):
    body = json.loads(json.dumps(certificate.body))
    body["libraries"]["geos"] = "3.0.0"
    found = verify(Certificate(body=body, observed=certificate.observed).to_bytes(), original)
    assert found.outcome == "different"
    assert [(d.code, d.at, d.was) for d in found.differences] == [("library", "libraries.geos", "3.0.0")]
    assert found.answer == found.answer_now


def test_a_rule_pack_that_changed_is_named(original, certificate):
    body = json.loads(json.dumps(certificate.body))
    (at,) = (i for i, pack in enumerate(body["packs"]) if pack["id"] == "cn")
    body["packs"][at]["sha256"] = "11" * 32
    found = verify(Certificate(body=body, observed=certificate.observed).to_bytes(), original)
    assert [(d.code, d.at) for d in found.differences] == [("pack", "packs[cn].sha256")]
    body["packs"].append({"id": "gone", "sha256": "22" * 32})
    found = verify(Certificate(body=body, observed=certificate.observed).to_bytes(), original)
    assert ("pack", "packs[gone]") in [(d.code, d.at) for d in found.differences]


def test_a_byte_of_a_pack_of_ones_own_cannot_be_changed_unseen(original):
    pack = RuleFile(name="own.toml", content=OWN.encode())
    asked = replace(dossier_for(original).inquiry, rules=(pack,))
    made = certificate_of(examine(asked, original), original)
    assert "own" in [p["id"] for p in made.body["packs"]]
    assert verify(made.to_bytes(), original).outcome == "identical"
    body = json.loads(json.dumps(made.body))
    other = RuleFile(name="own.toml", content=OWN.replace("prohibited", "restricted").encode())
    body["inquiry"]["rules"][0]["base64"] = other.to_dict()["base64"]
    found = verify(Certificate(body=body, observed=made.observed).to_bytes(), original)
    assert [d.code for d in found.differences] == ["question_rejected"]
    body["inquiry"]["rules"][0] = other.to_dict()
    found = verify(Certificate(body=body, observed=made.observed).to_bytes(), original)
    assert {"pack", "result"} & {d.code for d in found.differences}
    assert ("pack", "packs[own].sha256") in [(d.code, d.at) for d in found.differences]


def test_a_clause_that_differs_is_named():
    from screening.certificate.comparison import differences_of

    was = {
        "result": {
            "ruling": {"findings": [{"layer": "甲", "clauses": [{"clause": "NM-12", "consequence": "prohibited"}]}]}
        }
    }
    now = json.loads(json.dumps(was).replace("prohibited", "restricted"))
    assert [(d.layer, d.at) for d in differences_of(was, now)] == [
        ("甲", "result.ruling.findings[甲].clauses[NM-12].consequence")
    ]


# --- envelope


def test_another_key_or_none_is_told(original, certificate, signed):
    made, _ = signed
    other = bytes(32)
    assert [d.code for d in verify(made.to_bytes(), None, public_key=other).differences] == ["envelope_other_key"]
    found = verify(certificate.to_bytes(), None, public_key=other)
    assert (found.outcome, [d.code for d in found.differences]) == ("different", ["envelope_unsigned"])


def test_an_envelope_moved_to_another_certificate_does_not_hold(original, signed):
    moved = replace(certificate_for(original, "point"), envelope=signed[0].envelope)
    found = verify(moved.to_bytes(), None)
    assert [d.code for d in found.differences] == ["envelope_digest"]


def test_an_envelope_whose_digest_was_made_to_fit_does_not_hold_without_the_key(original, signed):
    made, _ = signed
    fields = {**made.envelope["fields"], "operator": "李四"}
    forged = Envelope(fields=fields).sealed(made)
    from screening.certificate.envelope import _statement

    public = made.envelope["public_key"]
    import hashlib

    forged |= {"public_key": public, "signature": made.envelope["signature"]}
    forged["statement_sha256"] = hashlib.sha256(_statement(made, fields, public)).hexdigest()
    assert [d.code for d in verify(replace(made, envelope=forged).to_bytes(), None).differences] == [
        "envelope_signature"
    ]


def test_the_digest_of_a_certificate_does_not_depend_on_its_envelope(original, signed):
    asked = replace(dossier_for(original).inquiry, rules=(RuleFile(name="own.toml", content=OWN.encode()),))
    assert certificate_of(examine(asked, original), original).sha256 == signed[0].sha256


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("operator = 3", "operator is to be text"),
        ("name = 'x'", "no field 'name'"),
        ("layer = ['红线']", "has name and may have supplier, document"),
        ("[[layer]]\nsupplier = '局'", "has name"),
        ("[[layer]]\nname = '别的'", "'别的' is not in the certificate"),
        ("operator = ", "no TOML"),
    ],
)
def test_an_envelope_file_that_says_something_else_is_refused(tmp_path, text, match):
    (tmp_path / "e.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EnvelopeError, match=match):
        read_envelope(tmp_path / "e.toml", layers=("红线",))


def test_a_key_file_that_is_none_is_refused(tmp_path):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    key = X25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (tmp_path / "x.pem").write_bytes(pem)
    with pytest.raises(KeyFileError, match="not of Ed25519"):
        read_envelope(None, key=tmp_path / "x.pem")
    (tmp_path / "y.pem").write_bytes(b"nothing")
    with pytest.raises(KeyFileError, match="no private key"):
        read_envelope(None, key=tmp_path / "y.pem")
    with pytest.raises(KeyFileError, match="no public key"):
        read_public_key(tmp_path / "y.pem")
    with pytest.raises(KeyFileError, match="sanxian key"):
        read_envelope(None, key=tmp_path / "absent.pem")


# --- the hash tree


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 13])
def test_every_leaf_is_proved_under_its_root_and_no_other_is(count):
    leaves = [bytes([i]) * 32 for i in range(count)]
    root = root_of(reversed(leaves))
    for leaf in leaves:
        path = path_to(leaves, leaf)
        assert climbed(leaf, path) == root
        assert climbed(b"x" * 32, path) != root
        assert len(path) <= (count - 1).bit_length()


ODD = [
    {"名称": "e\u0301", "n": 2**70, "x": 0.1 + 0.2, "y": 1e22, "z": -0.0, "flag": True, "none": None, "空": ""},
    {"名称": 'quo"te\\ \n\t\x00\x7f', "n": -1, "x": 5e-324, "flag": False},
    {"名称": '"id":"1"', "id": "2"},
    {"名称": "😀〔2026〕"},
]
SHAPES = [
    shapely.box(117.1, 49.1, 117.2, 49.2),
    shapely.MultiPolygon([shapely.box(117.3, 49.3, 117.4, 49.4)]),
    shapely.Polygon(
        [(117.5, 49.5, 7), (117.6, 49.5, 7), (117.6, 49.6, 7)],
        [[(117.57, 49.51, 7), (117.59, 49.51, 7), (117.59, 49.53, 7)]],
    ),
    shapely.Point(117.55, 49.1).buffer(0.04, quad_segs=400),  # cut into pieces in the index
]


@pytest.mark.parametrize("kept", [True, False], ids=["with leaves kept", "of a version that keeps none"])
def test_what_was_hashed_at_import_is_found_in_what_is_stored(original, tmp_path, kept):
    """Every kind, single and multi geometries, lines and points, odd attributes: exactly, or there is no proof."""
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(
        store,
        "red_lines",
        SHAPES if kept else [s for s in SHAPES if s.geom_type == "Polygon"],
        ODD if kept else ODD[:3],
    )
    lines = [
        shapely.LineString([(117.1, 49.1), (117.2, 49.2)]),
        shapely.Point(117.3, 49.3),
        shapely.MultiPoint([(117.3, 49.4)]),
    ]
    add(store, "other", lines if kept else lines[:2], name="杂", role="context", meaning="x")
    add(store, "water_sources", [], name="无", declared_none=True, source="局", coverage=shapely.box(117, 49, 118, 50))
    checked = 0
    for one in (original, FolderStore.open(store.root)):
        for entry in one.entries:
            stored = one.open_version(entry)
            if not kept:
                if entry.layer == "保护地":  # holds both spellings, which nothing but the leaves can tell apart
                    continue
                stored = WithoutLeaves(stored)
            assert recomputed_root(stored) == stored.card["content_digest"], entry.layer
            assert root_of(stored_leaves(stored)).hex() == stored.card["content_digest"]
            checked += 1
    assert checked >= 9


class WithoutLeaves:
    """A version as one was written before leaves were kept."""

    def __init__(self, stored):
        self._stored = stored

    def __getattr__(self, name):
        return getattr(self._stored, name)

    @property
    def names(self):
        return tuple(n for n in self._stored.names if n != LEAVES)


def test_a_row_is_found_by_its_id_and_not_by_what_looks_like_it(tmp_path):
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", SHAPES, [{"名称": row["名称"]} for row in ODD])
    store = FolderStore.open(store.root)
    stored = store.open_version(store.entries[0])
    assert feature_rows(stored, {"1", "2", "3", "4", "5"}) == {"1": 0, "2": 1, "3": 2, "4": 3}


# --- features


@pytest.fixture(scope="module")
def proved(original, certificate, tmp_path_factory):
    path = tmp_path_factory.mktemp("features") / "features.json"
    write_features(features_document(certificate, original), path)
    return path.read_bytes()


def test_features_are_proved_without_the_layers(certificate, proved):
    found = verify(certificate.to_bytes(), None, features=proved)
    used = sum(len(row["features_used"]) for row in certificate.body["workspace"]["layers"])
    assert (found.outcome, found.features_proved, used) == ("identical", used, used)
    assert used >= 8
    first = json.loads(proved)["features"][0]
    assert first["geometry"]["type"]
    assert first["properties"]


def test_the_leaf_can_be_made_by_hand(certificate, proved):
    """As the page says: SHA-256 of 00, WKB, 00, text; then up the path, 01 before each pair."""
    import hashlib

    for feature in json.loads(proved)["features"]:
        proof = feature["proof"]
        at = hashlib.sha256(b"\0" + bytes.fromhex(proof["wkb"]) + b"\0" + proof["attributes"].encode()).digest()
        for side, other in proof["path"]:
            pair = bytes.fromhex(other) + at if side == "left" else at + bytes.fromhex(other)
            at = hashlib.sha256(b"\1" + pair).digest()
        assert at.hex() == proof["content_digest"]


def test_one_byte_altered_anywhere_in_a_features_file_is_found(certificate, proved):
    data = certificate.to_bytes()
    for at in range(0, len(proved), 211):
        altered = bytearray(proved)
        altered[at] ^= 1
        assert verify(data, None, features=bytes(altered)).outcome == "damaged", proved[max(0, at - 20) : at + 20]


def test_a_feature_left_out_or_of_another_place_is_found(original, certificate, proved):
    data, document = certificate.to_bytes(), json.loads(proved)
    from layers.workspace.canonical_json import canonical_json

    less = canonical_json({**document, "features": document["features"][1:]}) + b"\n"
    assert [d.code for d in verify(data, None, features=less).differences] == ["features_missing"]
    other = features_document(certificate_for(original, "ties"), original)
    found = verify(data, None, features=canonical_json(other) + b"\n")
    assert {"features_missing", "features_not_used"} <= {d.code for d in found.differences}


def test_a_feature_that_is_not_in_the_layer_cannot_be_proved(certificate, proved):
    """Somebody moves a feature and makes the file fit in itself: its leaf is none of those used."""
    document = json.loads(proved)
    from screening.certificate.merkle import _document, _row, _spelled

    rows = []
    for i, feature in enumerate(document["features"]):
        proof = feature["proof"]
        wkb = bytes.fromhex(proof["wkb"])
        if i == 0:
            wkb = shapely.to_wkb(shapely.transform(shapely.from_wkb(wkb), lambda xy: xy + 0.1), byte_order=1)
        path = [(side, bytes.fromhex(other)) for side, other in proof["path"]]
        rows.append(_row(proof["layer"], proof["content_digest"], wkb=wkb, text=proof["attributes"], path=path))
    found = verify(certificate.to_bytes(), None, features=_spelled(_document(certificate.sha256, rows)))
    assert [d.code for d in found.differences] == ["features_not_used", "features_missing"]


@pytest.mark.parametrize("code", [*DAMAGED_CODES, *DIFFERENCE_CODES, *NOTE_CODES])
def test_every_code_has_words(code):
    facts = dict.fromkeys(("layer", "version", "at", "was", "now"), "x")
    for language in ("zh", "en"):
        assert "{" not in word(f"certificate.{code}", language, **facts)
