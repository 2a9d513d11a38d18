"""``sanxian verify``, ``prove`` and ``key``: what is printed, what is left, and the exit status."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
import shapely

from layers.workspace import FolderStore
from screening.certificate import read_envelope, settled, write_certificate
from screening.dossier import examine
from screening.inquiry import Inquiry
from screening.site import site_of
from tests.apps.cli import run, small_workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a workspace, a signed certificate, its features and keys."""
    folder = tmp_path_factory.mktemp("verify 复核")
    store = FolderStore.open(small_workspace(folder / "ws"))
    assert run("key", folder / "key.pem").exit_code == 0
    (folder / "envelope.toml").write_text(
        'operator = "张三"\nunit = "某院"\n[[layer]]\nname = "红线图层"\nsupplier = "某局"\ndocument = "〔2026〕12号"\n'
        '[office]\nname = "某市生态环境局"\nreply = "尚未答复"\n',
        encoding="utf-8",
    )
    asked = settled(Inquiry(site=site_of(shapely.box(117.46, 49.59, 117.48, 49.61), accuracy_m=5), as_of="2026-11-22"))
    envelope = read_envelope(folder / "envelope.toml", key=folder / "key.pem")
    write_certificate(examine(asked, store), store, folder / "cert.json", envelope=envelope)
    assert run("prove", folder / "cert.json", "-w", folder / "ws", "--out", folder / "features.json").exit_code == 0
    return folder


def test_an_identical_certificate_exits_with_nought_and_says_what_a_hash_proves(made):
    result = run("verify", made / "cert.json", "--workspace", made / "ws", "--key", made / "key.pub.pem")
    assert result.exit_code == 0, result.output
    for text in ("一致", "命中", "公钥指纹", "张三", "某市生态环境局", "尚未答复", "不证明数据权威"):
        assert text in result.output
    english = run("verify", made / "cert.json", "-w", made / "ws", "--lang", "en").output
    assert "identical" in english
    assert "not authority" in english


def test_features_are_verified_without_a_workspace(made):
    result = run("verify", made / "cert.json", "--features", made / "features.json")
    assert result.exit_code == 0
    assert "6 个要素在存证所载的图层之中" in result.output
    assert "没有重算" in result.output


def test_a_flipped_byte_exits_with_one_and_names_the_layer(made, tmp_path):
    shutil.copytree(made / "ws", tmp_path / "ws")
    gpkg = next((tmp_path / "ws" / "layers").glob("红线图层*/*/features.gpkg"))
    data = bytearray(gpkg.read_bytes())
    data[5000] ^= 1
    gpkg.write_bytes(bytes(data))
    result = run("verify", made / "cert.json", "-w", tmp_path / "ws")
    assert result.exit_code == 1
    assert "红线图层" in result.output
    assert "features.gpkg (64 KiB block 0" in " ".join(result.output.split())


def test_a_flipped_byte_of_the_certificate_or_of_the_features_exits_with_one(made, tmp_path):
    for name in ("cert.json", "features.json"):
        data = bytearray((made / name).read_bytes())
        data[1000] ^= 1
        (tmp_path / name).write_bytes(bytes(data))
    assert run("verify", tmp_path / "cert.json", "-w", made / "ws").exit_code == 1
    assert run("verify", made / "cert.json", "--features", tmp_path / "features.json").exit_code == 1
    (tmp_path / "cert.json").write_bytes(b"\xff")
    result = run("verify", tmp_path / "cert.json", "-w", made / "ws")
    assert result.exit_code == 1
    assert "已损坏" in result.output


def test_a_signature_over_an_altered_certificate_is_there_and_does_not_hold(made, tmp_path):
    data = bytearray((made / "cert.json").read_bytes())
    at = data.index(b'"as_of":"2026') + 12
    data[at] ^= 1
    (tmp_path / "cert.json").write_bytes(bytes(data))
    said = run("verify", tmp_path / "cert.json", "-w", made / "ws").output
    assert "有，但不成立" in said
    assert "信封与存证不符" in said


def test_another_key_exits_with_one(made, tmp_path):
    assert run("key", tmp_path / "other.pem").exit_code == 0
    result = run("verify", made / "cert.json", "--key", tmp_path / "other.pub.pem", "--lang", "en")
    assert result.exit_code == 1
    assert "not with the one given" in " ".join(result.output.split())


def test_json_on_standard_output_is_json_and_nothing_else(made, tmp_path):
    result = run("verify", made / "cert.json", "-w", made / "ws", "--json", "-")
    document = json.loads(result.stdout)
    assert document["outcome"] == "identical"
    assert document["sha256"] == document["rerun_sha256"] == json.loads((made / "cert.json").read_bytes())["sha256"]
    assert run("verify", made / "cert.json", "-w", made / "ws", "--json", tmp_path / "v.json").exit_code == 0
    assert json.loads((tmp_path / "v.json").read_text("utf-8")) == document


def test_a_gbk_console_can_show_it(made):
    for arguments in ((), ("--lang", "en")):
        result = run("verify", made / "cert.json", "-w", made / "ws", *arguments, charset="gbk")
        assert result.exit_code == 0


def test_files_that_are_not_there_are_input_that_is_rejected(made, tmp_path):
    for arguments in (
        ("verify", tmp_path / "none.json", "-w", made / "ws"),
        ("verify", made / "cert.json", "--features", tmp_path / "none.json"),
        ("verify", made / "cert.json", "--key", tmp_path / "none.pem"),
        ("verify", made / "cert.json", "-w", tmp_path / "no workspace"),
        ("verify", made / "cert.json", "--key", made / "key.pem"),
        ("prove", made / "features.json", "-w", made / "ws", "--out", tmp_path / "f.json"),
        ("prove", made / "cert.json", "-w", made / "ws", "--out", tmp_path / "no folder" / "f.json"),
        ("key", made / "key.pem"),
        ("key", tmp_path / "no folder" / "key.pem"),
    ):
        result = run(*arguments)
        assert result.exit_code == 3, (arguments, result.output)
        assert "错误" in result.output
        assert len(result.output.strip().splitlines()) == 1


def test_features_of_a_workspace_without_the_version_are_refused(made, tmp_path):
    store = FolderStore.create(tmp_path / "ws", required_kinds=["red_lines"], region=None)
    result = run("prove", made / "cert.json", "-w", store.root, "--out", tmp_path / "f.json")
    assert result.exit_code == 3
    assert "no such version" in result.output


def test_nothing_to_verify_against_is_usage(made):
    assert run("verify", made / "cert.json").exit_code == 2


def test_a_key_is_never_overwritten_and_its_halves_fit(made, tmp_path):
    before = (made / "key.pem").read_bytes()
    assert run("key", made / "key.pem").exit_code == 3
    assert (made / "key.pem").read_bytes() == before
    (tmp_path / "new.pub.pem").write_bytes(b"")
    assert run("key", tmp_path / "new.pem").exit_code == 3
    assert not (tmp_path / "new.pem").exists()
