"""A page holds locked copies only, or there is no page."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

from maps.build_assets import DEFAULT_TARGET, MANIFEST
from maps.errors import AssetDamagedError, AssetsMissingError, UnlockedResourceError
from maps.offline import inline, locked_files

_spec = importlib.util.spec_from_file_location("map_example", Path(__file__).parents[1] / "map_example.py")
example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)

LEAFLET = '<script src="https://cdn.example/npm/leaflet@1.9.3/dist/leaflet.js"></script>'
STYLE = '<link rel="stylesheet" href="https://cdn.example/npm/leaflet@1.9.3/dist/leaflet.css"/>'


@pytest.fixture(scope="module", autouse=True)
def _assets():
    example.require_assets()


def page(head="", body=""):
    return f"<!DOCTYPE html>\n<html>\n<head>\n{head}</head>\n<body>{body}</body>\n</html>"


def test_a_script_is_replaced_by_the_locked_copy_with_its_licence():
    html = inline(page(LEAFLET))
    script = (DEFAULT_TARGET / "leaflet-1.9.3" / "leaflet.js").read_text(encoding="utf-8")
    assert script.split("//# sourceMappingURL")[0].strip() in html
    assert "Redistribution and use in source and binary forms" in html
    assert "cdn.example" not in html
    assert "sourceMappingURL" not in html


def test_images_of_a_style_sheet_become_data_addresses():
    html = inline(page(STYLE))
    assert set(re.findall(r"url\(([^)]{1,14})", html)) == {"data:image/png", "#default#VML"}


def test_the_policy_lists_the_hash_of_every_script_and_of_nothing_else():
    html = inline(page("<script>var a = 1;</script>", '<script type="application/json">{"b": 2}</script>'))
    digest = base64.b64encode(hashlib.sha256(b"var a = 1;").digest()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.count("sha256-") == 1
    assert policy.startswith("default-src 'none';")


def test_line_ends_are_those_a_browser_hashes():
    html = inline(page("<script>var a =\r\n1;\r</script>"))
    digest = base64.b64encode(hashlib.sha256(b"var a =\n1;\n").digest()).decode()
    assert digest in html
    assert "\r" not in html


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ('<script src="https://cdn.example/npm/leaflet@1.9.4/dist/leaflet.js"></script>', ""),
        ('<script src="evil.js"></script>', ""),
        ('<link rel="stylesheet" href="https://cdn.example/bootstrap.min.css"/>', ""),
        ('<link rel="icon" href="favicon.ico">', ""),
        ("<style>@import 'a.css';</style>", ""),
        ("<style>p { background: URL( 'https://a.example/x.png' ) }</style>", ""),
        ("", '<img src="https://a.example/x.png">'),
        ("", '<img srcset="x.png 2x">'),
        ("", '<p style="background:url(x.png)">'),
        ("", "<iframe srcdoc='x'></iframe>"),
        ("", '<a href="https://a.example/">a</a>'),
        ("", '<a href="javascript:alert(1)">a</a>'),
        ("", '<script src="data:text/javascript,alert(1)"></script>'),
        ("", '<form action="https://a.example/"></form>'),
        ('<base href="https://a.example/">', ""),
    ],
)
def test_whatever_else_a_page_would_load_is_refused(head, body):
    with pytest.raises(UnlockedResourceError, match="which is not locked"):
        inline(page(head, body))


def test_a_page_without_the_built_files_is_refused_with_the_command(tmp_path):
    with pytest.raises(AssetsMissingError, match=r"python maps/build_assets\.py"):
        inline(page(LEAFLET), tmp_path)


def test_a_file_that_is_gone_is_named(tmp_path):
    folder = tmp_path / "assets"
    shutil.copytree(DEFAULT_TARGET, folder)
    (folder / "leaflet-1.9.3" / "leaflet.css").unlink()
    with pytest.raises(AssetsMissingError, match=r"leaflet\.css is not there"):
        inline(page(LEAFLET), folder)


def test_a_changed_byte_of_a_locked_file_is_noticed(tmp_path):
    folder = tmp_path / "assets"
    shutil.copytree(DEFAULT_TARGET, folder)
    script = folder / "leaflet-1.9.3" / "leaflet.js"
    script.write_bytes(script.read_bytes() + b" ")
    with pytest.raises(AssetDamagedError, match="sha256"):
        inline(page(LEAFLET), folder)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"files": [{"file": "leaflet-1.9.3/leaflet.js"}]}', "\x80"])
def test_a_damaged_manifest_is_noticed(tmp_path, text):
    folder = tmp_path / "assets"
    shutil.copytree(DEFAULT_TARGET, folder)
    (folder / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(AssetDamagedError, match="cannot be read"):
        locked_files(folder)


def test_what_folium_names_is_what_the_lock_has():
    import folium
    from folium.plugins import GroupedLayerControl, MousePosition

    named = dict(folium.Map.default_js) | dict(folium.Map.default_css)
    wanted = [named["leaflet"], named["leaflet_css"]]
    for plugin in (GroupedLayerControl, MousePosition):
        wanted += [url for _, url in plugin.default_js + plugin.default_css]
    ends = [file.replaces for file in locked_files() if file.replaces]
    assert len(wanted) == len(ends) == 6
    assert all(any(url.endswith(end) for end in ends) for url in wanted)
    versions = {
        entry["package"]: entry["version"] for entry in json.loads((DEFAULT_TARGET / MANIFEST).read_bytes())["files"]
    }
    assert f"leaflet@{versions['leaflet']}/" in named["leaflet"]
    assert f"/{versions['leaflet-groupedlayercontrol']}/" in GroupedLayerControl.default_js[0][1]
