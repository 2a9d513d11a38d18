"""Certificates that somebody made to fit: their digests are right, and yet something in them is not so."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
import shapely

from layers.workspace import FolderStore
from screening.certificate import Certificate, certificate_of, settled, verify
from screening.certificate.canonical import canonical
from screening.certificate.envelope import new_key, read_envelope
from screening.dossier import examine
from screening.inquiry import Inquiry
from screening.site import site_of
from tests.building import add, workspace_at

CITY = shapely.box(117.2, 49.3, 117.9, 49.8)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FolderStore:
    made = workspace_at(tmp_path_factory.mktemp("forged") / "ws", "red_lines")
    add(made, "red_lines", [shapely.box(117.4, 49.5, 117.5, 49.6)], name="红线", coverage=CITY)
    return FolderStore.open(made.root)


@pytest.fixture(scope="module")
def made(store, tmp_path_factory) -> Certificate:
    key = tmp_path_factory.mktemp("key") / "key.pem"
    key.write_bytes(new_key()[0])
    asked = settled(Inquiry(site=site_of(shapely.Point(117.45, 49.55), accuracy_m=5), as_of="2026-11-22"))
    return certificate_of(examine(asked, store), store, envelope=read_envelope(None, key=key))


def forged(made: Certificate, change: Any) -> bytes:
    """With what was observed changed, digests made to fit, and no signature; the body is the same to the byte."""
    observed = json.loads(canonical(made.observed))
    change(observed["versions"])
    return Certificate(body=made.body, observed=observed).to_bytes()


def test_a_version_that_is_said_not_to_have_answered_is_missed_with_its_damage(store, made, tmp_path):
    """Otherwise a byte of a file that the question does not read could change unseen."""

    def unused(versions):
        versions[0]["used"] = False

    shutil.copytree(store.root, tmp_path / "ws")
    path = next((tmp_path / "ws").glob("layers/红线/*/features.gpkg"))
    data = bytearray(path.read_bytes())
    data[5000] ^= 1
    path.write_bytes(data)
    found = verify(forged(made, unused), FolderStore.open(tmp_path / "ws"))
    assert found.outcome == "different"
    assert ("version_missing", "红线") in {(d.code, d.layer) for d in found.differences}


@pytest.mark.parametrize(
    ("key", "value"), [("source_sha256", "0" * 64), ("features", {}), ("valid_until", "2027-01-01"), ("theme", "另")]
)
def test_what_was_observed_of_a_version_that_is_still_there_has_to_be_so(store, made, key, value):
    def other(versions):
        versions[0][key] = value

    found = verify(forged(made, other), store)
    assert found.outcome == "different"
    assert found.differences[0].at.startswith(f"observed.versions[{made.observed['versions'][0]['version']}].{key}")
    assert verify(forged(made, lambda _: None), store).outcome == "identical"


@pytest.mark.parametrize("field", ["signature", "public_key"])
@pytest.mark.parametrize("spelling", [str.upper, lambda text: f"{text[:10]} {text[10:]}"])
def test_a_signature_in_another_spelling_is_not_what_was_written(made, field, spelling):
    document = json.loads(made.to_bytes())
    document["envelope"][field] = spelling(document["envelope"][field])
    assert verify(made.to_bytes(), None).outcome == "identical"
    assert verify(canonical(document) + b"\n", None).outcome == "damaged"


@pytest.mark.parametrize("depth", [70, 300, 600, 900, 990, 5_000, 200_000])
def test_what_is_nested_too_deeply_is_damaged_and_no_traceback(made, depth):
    nest = b"[" * depth + b"]" * depth
    data = made.to_bytes()
    for broken in (data.replace(b'"body":{', b'"body":{"x":' + nest + b",", 1), nest):
        assert [d.code for d in verify(broken, None).differences] == ["certificate_unreadable"]
    row = {"layer": "红线", "content_digest": "", "leaf": "", "wkb": "", "attributes": nest.decode(), "path": []}
    features = json.dumps({"format": "sanxian-features-1", "features": [{"proof": row}]}).encode()
    assert verify(data, None, features=features).outcome == "damaged"
