"""The tutorial of signing is done from the first line to the last, and prints what its page says."""

from __future__ import annotations

import json
import re
import zipfile

import pytest
import shapely

from docs.figures.signing import FIRST, SECOND
from docs.figures.signing_pictures import NAMES
from docs.figures.tutorial_page import city_outline
from docs.figures.tutorial_run import SIGNING, run, run_all, steps, unlike
from spatial.boundaries import available

TEXT = SIGNING.read_text("utf-8")
CHINESE = TEXT.partition("\n---\n")[0]
FIGURES = SIGNING.parent / "figures"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """The folder the tutorial leaves, and what each step printed."""
    if not available():
        pytest.skip("the administrative boundaries are not built: python data/boundaries/build.py")
    folder = tmp_path_factory.mktemp("signing")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        told = run_all(TEXT)
    return folder / "项目", told


@pytest.mark.slow
def test_every_step_prints_what_the_page_says(done):
    _, told = done
    wrong = {step.commands[-1]: unlike(step.said, printed) for step, printed in told}
    assert {line: missing for line, missing in wrong.items() if missing} == {}


def test_every_step_but_the_first_says_what_it_prints():
    assert [step.commands[-1] for step in steps(TEXT) if not step.said] == ["sanxian demo demo"]


@pytest.mark.slow
def test_excerpts_of_files_on_the_page_stand_in_the_files(done):
    folder, _ = done
    found = re.findall(r"`([^`]+\.(?:geojson|toml))`[^`]*\n\n```(?:json|toml)\n(.*?)```", CHINESE, re.DOTALL)
    assert [name for name, _ in found] == ["方案一.geojson", "信封.toml"]
    for name, excerpt in found:
        text = (folder / name).read_text("utf-8")
        for line in re.split(r"\n|……", excerpt):
            assert line in text


@pytest.mark.slow
def test_the_signed_report_names_its_certificate(done):
    import pypdfium2

    folder, _ = done
    certificate = json.loads((folder / "存证.json").read_text("utf-8"))
    document = pypdfium2.PdfDocument(folder / "报告.pdf")
    try:
        text = "".join(document[n].get_textpage().get_text_range() for n in range(len(document)))
    finally:
        document.close()
    assert certificate["sha256"] in re.sub(r"\s", "", text)
    with zipfile.ZipFile(folder / "报告.docx") as archive:
        assert certificate["sha256"] in archive.read("word/document.xml").decode("utf-8")
    assert certificate["envelope"]["signature"]
    assert certificate["body"]["inquiry"]["project"]["facts"] == {"limited_activity": 6}


@pytest.mark.slow
def test_the_project_and_its_layers_lie_inside_the_city_and_say_that_they_are_made_up(done):
    folder, _ = done
    city = city_outline()
    assert all(city.contains(shapely.LineString(route)) for route in (FIRST, SECOND))
    for path in (folder / "demo" / "workspace" / "layers").glob("*/*/card.json"):
        assert json.loads(path.read_text("utf-8"))["synthetic"] is True, path.parent.parent.name
    for name in ("方案一.geojson", "方案二.geojson", "线路.geojson", "场地.geojson", "红线_新.geojson", "信封.toml"):
        assert "合成" in (folder / name).read_text("utf-8")


def test_every_picture_is_shown_and_small():
    shown = re.findall(r"!\[[^\]]+\]\(figures/([^)]+)\)", TEXT)
    assert sorted(shown) == sorted(f"signing-{name}.png" for name in NAMES)
    assert all((FIGURES / name).stat().st_size < 300_000 for name in shown)


def test_a_command_that_ends_with_another_status_than_the_page_says_fails(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.json").write_text("{}", "utf-8")
    with pytest.raises(RuntimeError, match="exit status 1"):
        run("sanxian verify x.json --features x.json")
    assert "存证" in run("sanxian verify x.json --features x.json   # 退出码 1")


def test_every_grey_box_belongs_to_the_commands_before_it_and_digests_may_be_any():
    page = "```sh\na\nb\n```\nwords\n```text\nfirst\n……\n```\n```text\nsecond\n```\n```sh\nc\n```\n---\n```sh\nd\n```\n"
    assert [(step.commands, step.said) for step in steps(page)] == [(("a", "b"), ("first", "second")), (("c",), ())]
    assert unlike((f"SHA-256 {'a' * 64}，版本 v0001-e13279ce",), f"SHA-256 {'b' * 64}，版本 v0001-00000000") == []
    assert unlike(("版本 v0001-e13279ce",), "版本 v0002-e13279cez") == ["版本 v0001-e13279ce"]
