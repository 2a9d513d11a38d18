"""The pages agree with the program: commands, options, keys, codes, links."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import get_args

import click
import pytest

from apps.cli.errors import EXIT_DIFFERENT, EXIT_OF_ANSWER, EXIT_REJECTED, EXIT_USAGE
from apps.cli.main import main
from layers.card import LayerCard
from layers.georeference.delineation.rules import rule_pack
from layers.georeference.model import METHODS
from layers.model import DEFAULT_REQUIRED_KINDS, KINDS
from layers.plans.comparing import Verdict, Why
from layers.plans.document import register_document
from layers.plans.loading import CITIES, plan, requirements
from layers.plans.register import Standing, register
from screening.reasons import REASONS
from screening.words import word
from spatial.accuracy import LEAST_M, SURVEYED, UNSTATED_LAYER

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
BOTH_HALVES = [
    page
    for page in [*PAGES[:1], *PAGES[2:]]
    if not {"reference", "decisions", "contract"} & set(page.parts) and page.name != "contract-tests.md"
]


def ident(page):
    return page.relative_to(ROOT).as_posix()


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading of the second level."""
    return re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text: str) -> list[str]:
    rows = [re.split(r"(?<!\\)\|", line)[1].strip() for line in text.splitlines() if line.startswith("| ")]
    return [cell for cell in rows if "`" in cell]


def codes(text: str) -> list[str]:
    return [code for cell in first_cells(text) for code in re.findall(r"`([^`]+)`", cell)]


def commands(group: click.Group = main) -> dict[str, click.Command]:
    context = click.Context(group)
    return {name: group.get_command(context, name) for name in group.list_commands(context)}


def every_command() -> dict[str, click.Command]:
    """The commands by what is typed: ``check``, ``georeference text`` …"""
    found: dict[str, click.Command] = {}
    for name, command in commands().items():
        found[name] = command
        if isinstance(command, click.Group):
            found |= {f"{name} {way}": each for way, each in commands(command).items()}
    return found


SHARED = "共用选项 / Shared options"


def rows_of(name: str) -> list[str]:
    """First cells of the table of a command; of a command in a group with those of the options all of them share."""
    group, _, way = name.partition(" ")
    text = section(read("docs/reference/cli.md"), f"sanxian {group}")
    parts = {part.partition("\n")[0]: part for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]}
    if not parts:
        return first_cells(text)
    if not way:  # a group has no option of its own
        return first_cells(text.partition("\n### ")[0])
    return [cell for heading in (SHARED, f"sanxian {name}") for cell in first_cells(parts[heading])]


def test_every_command_is_documented_and_no_other():
    page = read("docs/reference/cli.md")
    assert re.findall(r"^### sanxian ([\w-]+ [\w-]+)$|^## sanxian ([\w-]+)$", page, re.MULTILINE) == [
        (name, "") if " " in name else ("", name) for name in every_command()
    ]


@pytest.mark.parametrize("name", list(every_command()))
def test_every_option_is_documented_and_no_other(name):
    options = [p for p in every_command()[name].params if isinstance(p, click.Option)]
    rows = rows_of(name)
    said = {flag for row in rows for flag in re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]*", row)}
    assert said == {flag for option in options for flag in (*option.opts, *option.secondary_opts)}
    for option in options:
        row = next(r for r in rows if option.opts[0] in re.findall(r"--?[a-z][a-z0-9-]*", r))
        plain = row.replace("\\|", "|")
        if isinstance(option.type, click.Choice):
            assert f"[{'|'.join(option.type.choices)}]" in plain
        elif option.metavar:
            assert option.metavar in plain


def test_exit_statuses_are_those_of_the_program():
    said = {int(cell) for cell in re.findall(r"^\| (\d+) \|", read("docs/reference/cli.md"), re.MULTILINE)}
    assert said == {0, 130, EXIT_DIFFERENT, EXIT_USAGE, EXIT_REJECTED, *EXIT_OF_ANSWER.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_in_the_reference_and_the_contract(kind):
    assert f"`{kind}` {word(f'kind.{kind}', 'zh')}" in " ".join(read("docs/reference/cli.md").split())
    assert f"| `{kind}` |" in section(read("docs/contract/verdict.md"), "1. What counts")


def test_the_contract_has_the_sections_that_the_code_names():
    contract = read("docs/contract/verdict.md")
    there = set(re.findall(r"^## (\d)\. ", contract, re.MULTILINE))
    assert there == set("123456789")
    sources = [p for room in ("spatial", "layers", "screening", "maps", "apps") for p in (ROOT / room).rglob("*.py")]
    named = {n for p in sources for n in re.findall(r"verdict\.md`{0,2},? (?:§|section )(\d+)", p.read_text("utf-8"))}
    assert named
    assert named <= there


def test_the_contract_names_reasons_and_defaults_as_the_code_has_them():
    contract = read("docs/contract/verdict.md")
    listed = re.search(r"^`(overlaps,[^`]+)`", contract, re.MULTILINE)
    assert tuple(re.split(r",\s+", listed[1])) == REASONS
    assert "by default " + ", ".join(f"`{kind}`" for kind in DEFAULT_REQUIRED_KINDS) in contract
    assert f"| layer, nothing stated | {UNSTATED_LAYER.metres:g} |" in contract
    assert f"surveyed, with markers | {SURVEYED.metres:g} |" in contract
    assert f"never below {LEAST_M:g} m" in contract
    classes = tomllib.loads(read("data/rules/required_layers.toml"))["class"]
    assert ", ".join(c["name"] for c in classes) in " ".join(contract.split())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_is_explained_in_the_words_of_the_program(language):
    page = read("docs/answers.md")
    half = page.split("\n---\n")[0 if language == "zh" else 1]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in half.splitlines() if row.startswith("| `")]
    said = {cells[0].strip("`"): cells[1] for cells in rows if cells[0].strip("`") in REASONS}
    assert list(said) == list(REASONS)
    assert said == {code: word(f"reason.{code}", language) for code in REASONS}


def test_every_key_of_a_result_is_documented_and_no_other(demo):
    import json

    page = read("docs/reference/json.md")
    results = [json.loads(p.read_text("utf-8")) for p in sorted((demo / "demo" / "results").glob("*.json"))]
    results = [result for result in results if "findings" in result]  # the certificate holds one, and is none
    assert len(results) >= 7
    found: dict[str, set[str]] = {}

    def collect(heading, values):
        for value in values:
            found.setdefault(heading, set()).update(value)

    for result in results:
        collect("顶层 / Top level", [result])
        collect("`site`", [result["site"]])
        for group in ("parts", "findings", "layers"):
            collect(f"`{group}[]`", result[group])
        collect("`features[]`", [f for group in ("findings", "context") for o in result[group] for f in o["features"]])
    for heading, keys in found.items():
        assert set(codes(section(page, heading))) == keys, heading
    for context in (c for result in results for c in result["context"]):
        assert all(f"`{key}`" in section(page, "`context[]`") for key in context)


def test_every_warning_of_the_catalogue_is_documented():
    page = section(read("docs/reference/json.md"), "警告代码 / Codes of warnings")
    assert set(tomllib.loads(read("screening/words.toml"))["warning"]) <= set(codes(page))


def test_every_key_of_a_card_is_documented_and_no_other():
    page = section(read("docs/reference/workspace.md"), "卡片 / The card")
    assert sorted(codes(page)) == sorted(LayerCard.__dataclass_fields__)


def test_every_method_of_georeferencing_is_documented():
    rows = section(read("docs/reference/georeference.md"), "方式 / Methods")
    assert codes(rows) == list(METHODS)


def test_every_figure_of_the_rules_is_documented_with_its_number():
    text = section(read("docs/reference/georeference.md"), "划定规则 / Delineation rule")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if re.match(r"\| `\w+\.", line)
    ]
    said = {code.strip("`"): (float(value.split()[0]), mark, zh, en) for code, value, mark, zh, en in rows}
    figures = rule_pack().figures.values()
    assert said == {one.code: (one.value, one.mark, one.zh, one.en) for one in figures}


@pytest.mark.parametrize(("kind", "column"), [(Standing, "standing"), (Verdict, "verdict"), (Why, "why")])
def test_every_code_of_the_register_is_documented_in_the_words_of_the_program(kind, column):
    page = read("docs/reference/plans.md")
    table = page.split(f"| 代码 `{column}` | 中文 | English |\n|---|---|---|\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    words = {f"`{code}`": [word(f"plan.{column}_{code}", lang) for lang in ("zh", "en")] for code in get_args(kind)}
    assert {code: said for code, *said in rows} == words


def test_every_requirement_and_every_plan_is_documented():
    page = read("docs/reference/plans.md")
    table = section(page, "要求编号 / Requirement ids")
    said = dict(re.findall(r"^\| `([A-Z]+-R\d+)` \| (.+?) \|", table, re.MULTILINE))
    assert said == {one.id: one.title_zh for one in requirements().values()}
    for city in CITIES:
        one = plan(city.key)
        counts = [len(part) for part in (one.features, one.facts, one.indicators, one.arithmetic, one.conflicts)]
        row = next(line for line in page.splitlines() if f"| `{city.key}` |" in line)
        assert row.endswith("| " + " | ".join(map(str, counts)) + " |")


def test_every_doubt_about_a_river_is_documented_and_no_other():
    text = section(read("docs/reference/json.md"), "河流 / Rivers")
    table = text.split("| 代码 `doubts[].code` |")[1]
    assert codes(table) == list(tomllib.loads(read("screening/words.toml"))["river_doubt"])


def test_every_key_of_a_register_is_documented_and_no_other():
    text = section(read("docs/reference/json.md"), "规划登记 / A register")
    assert set(codes(text)) == set(register_document(register(plan("满洲里"))))


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[`*]", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    found: dict[str, int] = {}
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    names = set()
    for heading in re.findall(r"^#{1,6} (.+)$", text, re.MULTILINE):
        name = slug(heading)
        count = found.get(name, 0)
        found[name] = count + 1
        names.add(name if count == 0 else f"{name}-{count}")
    return names


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if target.startswith(("http://", "https://")):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{ident(page)} -> {target}"
        if anchor:
            assert anchor in anchors(there), f"{ident(page)} -> {target}"


@pytest.mark.parametrize("page", PAGES, ids=ident)
def test_pages_name_no_folder_of_a_machine(page):
    assert re.findall(r"(?<![\w.])/(?:work|home|root|tmp|Users)/", page.read_text("utf-8")) == []


@pytest.mark.parametrize("page", BOTH_HALVES, ids=ident)
def test_pages_for_users_are_chinese_first_and_english_after(page):
    chinese, _, english = page.read_text("utf-8").partition("\n---\n")
    assert len(re.findall(r"[\u4e00-\u9fff]", chinese)) > 200
    assert len(re.findall(r"\b[a-z]{3,}\b", english)) > 60


def test_every_figure_is_shown_on_a_page():
    pictures = r"!\[[^\]]*\]\(([^)]+)\)"
    shown = {(page.parent / t).resolve() for page in PAGES for t in re.findall(pictures, page.read_text("utf-8"))}
    folders = (ROOT / "docs" / "figures", ROOT / "docs" / "gallery")
    kept = {path for folder in folders for path in folder.iterdir() if path.suffix in {".svg", ".png", ".jpg"}}
    assert shown == kept


def test_the_gallery_shows_what_its_scripts_make_in_pictures_that_a_page_can_carry():
    from docs.figures.exports import FORMATS
    from docs.figures.gallery import NAMES

    made = {*(f"{name}.png" for name in NAMES), *(f"export-{to}.png" for to in FORMATS), "export-demo.png"}
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs" / "gallery").iterdir()}
    assert set(sizes) == made
    assert max(sizes.values()) < 200_000
    assert sum(sizes.values()) < 3_000_000


def test_every_decision_is_in_the_index():
    index = read("docs/decisions/README.md")
    for path in (ROOT / "docs" / "decisions").glob("20*.md"):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        assert f"[{title}]({path.name})" in index


def shell_lines():
    for page in PAGES:
        for block in re.findall(r"^ *```sh\n(.*?)^ *```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            for line in block.splitlines():
                if line.strip().startswith("sanxian "):
                    yield pytest.param(line.strip(), id=f"{page.name}:{line.strip()[:60]}")


@pytest.mark.parametrize("line", list(shell_lines()))
def test_commands_on_the_pages_parse(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command, words = main, shlex.split(line, comments=True)[1:]
    for name in words:
        if re.fullmatch(r"(\w+/)*[^\W\d]\w*\.[a-z]+", name):  # some options ask for a file that is there
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()
    while isinstance(command, click.Group):
        command, words = commands(command)[words[0]], words[1:]
    assert command.make_context(command.name, words).params


def test_targets_of_make_on_the_pages_exist():
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    named = {t for page in PAGES for t in re.findall(r"(?:`|^)make ([a-z]+)\b", page.read_text("utf-8"), re.MULTILINE)}
    assert {"demo", "test", "check", "setup"} <= named
    assert named <= targets
