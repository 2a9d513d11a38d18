"""The same question to the same layers gives the same certificate: any order of rows, threads, processors."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import shapely

from screening.certificate import Certificate, certificate_of, settled, verify, write_certificate
from screening.certificate.canonical import canonical, plain, quantised
from screening.errors import CertificateDamagedError
from screening.inquiry import Inquiry
from screening.site import site_of
from tests.building import add, workspace_at
from tests.certifying import AS_OF, SITES, certificate_for, dossier_for, workspace_of_all_kinds

ROOT = Path(__file__).parents[2]
EVERY_SITE = [*SITES, "parts"]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return workspace_of_all_kinds(tmp_path_factory.mktemp("plain") / "ws")


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory):
    return [workspace_of_all_kinds(tmp_path_factory.mktemp("mixed") / "ws", order=order) for order in (1, 2)]


@pytest.mark.parametrize("site", EVERY_SITE)
def test_bytes_do_not_depend_on_the_order_of_rows_or_of_imports(store, shuffled, site):
    first = certificate_for(store, site)
    for other in shuffled:
        made = certificate_for(other, site)
        assert json.dumps(made.body, ensure_ascii=False, indent=1) == json.dumps(
            first.body, ensure_ascii=False, indent=1
        )
        assert made.sha256 == first.sha256
        assert made.observed != first.observed  # ids are numbers of rows here: what is compared above is no accident


def test_the_workspaces_that_are_compared_have_their_rows_in_another_order(store, shuffled):
    def names(one):
        return {e.layer: (e.sequence, e.checksums_sha256) for e in one.entries}

    for other in shuffled:
        assert names(other) != names(store)
        assert sum(names(other)[k][1] != names(store)[k][1] for k in names(store)) >= 4


def test_of_two_features_equally_near_the_same_one_is_listed(store, shuffled):
    found = []
    for one in (store, *shuffled):
        body = certificate_for(one, "ties").body["result"]
        near = next(f for f in body["findings"] if f["layer"] == "保护地")["features"]
        grass = next(c for c in body["context"] if c["layer"] == "草原")["features"]
        found.append([f["name"] for f in (*near, *grass)])
    assert len(found[0]) == 2
    assert found == [found[0]] * 3


def test_bytes_do_not_depend_on_threads(store):
    alone = certificate_for(store, "route").to_bytes()
    with ThreadPoolExecutor(max_workers=6) as pool:
        made = list(pool.map(lambda _: certificate_for(store, "route").to_bytes(), range(6)))
    assert set(made) == {alone}


SCRIPT = """
import sys, numpy as np
from layers.workspace import FolderStore
from tests.certifying import certificate_for
store = FolderStore.open(sys.argv[1])
found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
print(",".join(found))
for site in sys.argv[2:]:
    print(certificate_for(store, site).sha256)
"""


def run(store, **environment):
    command = [sys.executable, "-c", SCRIPT, str(store.root), *EVERY_SITE]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **environment}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", check=True)
    simd, *hashes = done.stdout.split("\n")[:-1]
    return simd, hashes


def test_bytes_do_not_depend_on_numpys_wide_vector_paths_nor_on_omp_threads(store):
    wide, hashes = run(store, OMP_NUM_THREADS="4")
    assert hashes == [certificate_for(store, site).sha256 for site in EVERY_SITE]
    if not wide:
        pytest.skip("numpy finds no vector extension to switch off on this machine")
    narrow, again = run(store, OMP_NUM_THREADS="1", NPY_DISABLE_CPU_FEATURES=wide)
    assert narrow == "", "the wide paths were not switched off"
    assert again == hashes


def test_the_digest_is_that_of_the_canonical_bytes_and_of_nothing_else(store):
    made = certificate_for(store)
    document = json.loads(made.to_bytes())
    assert document["sha256"] == hashlib.sha256(canonical(document["body"])).hexdigest() == made.sha256
    assert made.to_bytes() == canonical(document) + b"\n"


def test_words_time_paths_and_file_names_are_not_in_the_digest(store, tmp_path):
    text = canonical(certificate_for(store).body).decode()
    assert str(store.root) not in text
    assert "made.geojson" not in text
    assert not any(version in text for version in {e.version for e in store.entries})
    assert "命中" not in text
    assert "made.geojson" in certificate_for(store).to_bytes().decode()  # but beside it


def test_a_certificate_reads_back_as_it_was(store, tmp_path):
    made = write_certificate(dossier_for(store), store, tmp_path / "存 证.json")
    assert Certificate.from_bytes((tmp_path / "存 证.json").read_bytes()) == made


def test_another_question_has_another_digest(store):
    assert len({certificate_for(store, site).sha256 for site in EVERY_SITE}) == len(EVERY_SITE)
    asked = dossier_for(store, "hit").inquiry
    later = Inquiry(site=asked.site, as_of="2026-11-23")
    from screening.dossier import examine

    assert certificate_of(examine(later, store), store).sha256 != certificate_for(store, "hit").sha256


def test_an_inquiry_that_is_not_settled_is_refused(store):
    from screening.dossier import examine

    loose = Inquiry(site=site_of(shapely.Point(117.45000000012, 49.58), accuracy_m=5), as_of=AS_OF)
    with pytest.raises(ValueError, match="not settled"):
        certificate_of(examine(loose, store), store)
    assert settled(settled(loose)) == settled(loose)
    assert settled(loose).site.geometry.x == 117.45


def test_an_inquiry_survives_the_certificate_to_the_last_digit(store):
    made = certificate_for(store, "parts")
    back = Inquiry.from_dict(json.loads(made.to_bytes())["body"]["inquiry"])
    assert back == dossier_for(store, "parts").inquiry


# 90 days after 2026-11-22 is 2027-02-20: 8 days of November, 31, 31, 20
@pytest.mark.parametrize(
    ("until", "days"), [("2026-11-21", None), ("2026-11-22", 0), ("2027-02-20", 90), ("2027-02-21", None)]
)
def test_layers_that_end_within_90_days_are_named(tmp_path, until, days):
    store = workspace_at(tmp_path / "ws", "red_lines")
    add(store, "red_lines", [shapely.box(117.4, 49.5, 117.5, 49.6)], name="红线", valid_until=until)
    from layers.workspace import FolderStore

    made = certificate_for(FolderStore.open(store.root))
    expected = [] if days is None else [{"layer": "红线", "valid_until": until, "days": days}]
    assert made.body["expiring"] == expected


# the examples of RFC 8785, section 3.2.3 and appendix B, as far as they are numbers we may meet
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (333333333.33333329, "333333333.3333333"),
        (1e30, "1e+30"),
        (4.50, "4.5"),
        (2e-3, "0.002"),
        (0.000000000000000000000000001, "1e-27"),
        (-0.0, "0"),
        (9007199254740991, "9007199254740991"),
        (1e21, "1e+21"),
        (999999999999999900000.0, "999999999999999900000"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (1e-6, "0.000001"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (295147905179352830000.0, "295147905179352830000"),
    ],
)
def test_numbers_are_spelled_as_the_standard_says(value, text):
    assert canonical(value).decode() == text


def test_keys_are_sorted_by_their_utf16_units():
    keys = ["\u20ac", "\r", "\uff01", "1", "\U0001f600", "\u0080", "\u00f6"]
    text = canonical(dict.fromkeys(keys, 0)).decode()
    assert list(json.loads(text)) == ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\uff01"]


def test_what_the_standard_cannot_spell_is_text_and_what_is_no_number_is_refused():
    assert plain([2**53 - 1, 2**53, -(2**53)]) == [9007199254740991, "9007199254740992", "-9007199254740992"]
    assert plain("e\u0301") == "\u00e9"
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not representable"):
            canonical({"a": bad})
    with pytest.raises(TypeError, match="no JSON"):
        canonical({"a": {1}})


def test_every_number_of_a_result_is_already_what_quantising_makes_it(store):
    """Nothing but the last digits of a result may differ from what is hashed: quantising it changes no value."""

    def numbers(value, path=""):
        if isinstance(value, dict):
            for key, item in value.items():
                yield from numbers(item, f"{path}.{key}")
        elif isinstance(value, list | tuple):
            for i, item in enumerate(value):
                yield from numbers(item, f"{path}[{i}]")
        elif isinstance(value, float):
            yield path, value

    for site in EVERY_SITE:
        document = dossier_for(store, site, stability=site == "hit").to_dict()
        assert dict(numbers(document)) == dict(numbers(quantised(document)))


@pytest.mark.parametrize("site", EVERY_SITE)
def test_asked_again_it_is_identical(store, site):
    made = certificate_for(store, site)
    found = verify(made.to_bytes(), store)
    assert found.outcome == "identical", found.differences
    assert found.sha256 == found.rerun_sha256 == made.sha256
    assert [n.code for n in found.notes] == ["expiring"] * 8  # all layers end 70 days after the check


def test_asked_again_of_the_same_layers_in_another_order_it_is_identical_and_says_so(store, shuffled):
    found = verify(certificate_for(store, "ties").to_bytes(), shuffled[0])
    assert found.outcome == "identical", found.differences
    assert "imported_again" in {n.code for n in found.notes}


def test_what_is_no_certificate_is_damaged():
    for data in (b"", b"[]", b"{}", b"\xff\xfe", b'{"format":1}', b"[" * 100_000):
        with pytest.raises(CertificateDamagedError, match="damaged"):
            Certificate.from_bytes(data)
        assert verify(data, None).outcome == "damaged"


def test_a_certificate_made_by_hand_with_a_right_digest_is_refused_without_a_traceback(store):
    made = certificate_for(store)
    for key in made.body:
        body = {**made.body, key: 7}
        with_digest = Certificate(body=body, observed=made.observed)
        assert verify(with_digest.to_bytes(), store).outcome in {"damaged", "different"}, key
    inquiry = {**made.body["inquiry"], "site": {**made.body["inquiry"]["site"], "parts": [{"geometry": "x"}]}}
    odd = Certificate(body={**made.body, "inquiry": inquiry}, observed=made.observed)
    found = verify(odd.to_bytes(), store)
    assert [d.code for d in found.differences] == ["question_rejected"]


def test_large_figures_of_a_project_come_back_as_they_were(store):
    from screening.dossier import examine
    from screening.project import Project

    facts = {"a": 1e20, "b": 2.0**60, "c": 1e300, "d": 0.1, "e": True, "f": "9007199254740993", "g": 12.0}
    asked = Inquiry(site=dossier_for(store, "point").inquiry.site, as_of=AS_OF, project=Project(facts=facts))
    made = certificate_of(examine(asked, store), store)
    back = Certificate.from_bytes(made.to_bytes())
    assert Inquiry.from_dict(back.body["inquiry"]).project.facts == facts
    assert verify(made.to_bytes(), store).outcome == "identical"
    for number in (b"1e400", b"9" * 400, b"9" * 5000, b"NaN"):
        data = made.to_bytes().replace(b"1e+300", number, 1)
        assert verify(data, store).outcome == "damaged"
