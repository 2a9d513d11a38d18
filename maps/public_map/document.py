"""The document of a page (``MapDocument`` of ``maps/page/contract.ts``): a workspace at a date, as the page has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from maps.errors import MapRequestError
from maps.looks import MARK
from maps.phrases import clean
from maps.public_map.base import base_layers
from maps.public_map.edition import STANDARD, Edition
from maps.public_map.facts import both
from maps.public_map.giving_away import GivenAway, given_away
from maps.public_map.layer import page_layer
from maps.region import region_of
from maps.style import STANDARD as STANDARD_SHEET
from maps.style import StyleSheet, kind_rank
from screening.loaded import DAMAGE, Loaded, Lost, load
from screening.not_checked import class_in_english, classes_not_checked
from screening.words import codes_of, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.version import OpenLayer
    from layers.workspace.store import WorkspaceStore
    from maps.looks import Hatch
    from maps.public_map.chunks import Chunk
    from maps.public_map.layer import PageLayer
    from maps.public_map.tiles import TileSource
    from maps.region import Region
    from screening.words import Language

__all__ = ["INDEX_BUDGET", "LARGEST", "Contents", "MapRequest", "Precision", "contents_of", "styles_of"]

Precision = Literal["auto", "full", "simplified"]
INDEX_BUDGET = 4_000_000
"""The engine's own indexes stand in a page of one file while together they stay below this, bytes packed."""
LARGEST = 28_000_000
"""Layers that would take more than this in a page of one file lie beside it: mail and office PCs take 30 MB, bytes."""
_PACKING = 4
"""An index whose geometry is this many times the budget is not even packed to see."""
_LAND = [73.0, 18.0, 135.0, 54.0]
"""The first view of a page that shows nothing."""
_GROUPS = (
    *("page", "public_map", "public_edition", "answer", "yesno", "question", "kind", "role", "relation", "scope"),
    *("reason", "class", "flag", "note", "method", "mark", "unit", "warning", "damage", "map"),
)


@dataclass(frozen=True, kw_only=True)
class MapRequest:
    """
    What a page is to be.

    Attributes
    ----------
    as_of
        ISO date for which features and versions are chosen and for which the page answers.
    language
        In which it opens; it holds both.
    title
        The heading; None for the project's own.
    precision
        ``full``: the page holds the engine's own geometry and its answers are the engine's. ``simplified``: none of
        it. ``auto``: as many layers in full, the smallest first, as fit into `INDEX_BUDGET`.
    layers
        Names of those to show; empty for all. Protective ones left out make their kind unknown.
    edition, sheet, tiles
        For whom it is, how it looks, and the background, None for none.
    """

    as_of: str
    language: Language = "zh"
    title: str | None = None
    precision: Precision = "auto"
    layers: tuple[str, ...] = ()
    edition: Edition = STANDARD
    sheet: StyleSheet = STANDARD_SHEET
    tiles: TileSource | None = None


@dataclass(frozen=True, kw_only=True)
class Contents:
    """
    Everything a page holds, not yet in a page.

    Attributes
    ----------
    document
        ``MapDocument`` without its ``chunks``.
    chunks
        The blocks it names.
    apart
        Whether they lie beside the page.
    restricted
        Names of the layers marked for internal use that stand in it as they are.
    given_away
        What open layers of a public edition tell of generalised ones.
    """

    document: dict[str, Any]
    chunks: tuple[Chunk, ...]
    apart: bool
    restricted: tuple[str, ...]
    given_away: tuple[GivenAway, ...]


def contents_of(store: WorkspaceStore, request: MapRequest, *, apart: bool | None = None) -> Contents:
    """
    What a page of a workspace holds.

    A version that is damaged, a folder that nobody names and a protective layer left out are in ``lost``: their kind is
    unknown in the page as well.

    Parameters
    ----------
    store
        The workspace, opened now: a store opened before a file was lost does not know it.
    request
        What the page is to be.
    apart
        Whether the blocks lie beside the page; None: where together they exceed `LARGEST`. There every index goes
        with them, for it is loaded only when a site is asked.

    Raises
    ------
    EditionError
        If the edition names a layer that there is none of.
    MapRequestError
        If ``request.layers`` does.
    """
    loaded = load(store, request.as_of)
    names = {entry.layer for entry in store.entries}
    _require(request.layers, names)
    request.edition.require_layers(names)
    built: list[PageLayer] = []
    for layer, validity in list(loaded.layers):
        if request.layers and layer.card.name not in request.layers:
            _leave_out(loaded, layer)
            continue
        try:
            one = page_layer(layer, validity, as_of=request.as_of, edition=request.edition, sheet=request.sheet)
            one.document["judge"]["changes_on"] = _changes_on(store, layer, request.as_of)
            built.append(one)
        except DAMAGE as trouble:
            loaded.lose(layer, trouble)
    if len({one.document["key"] for one in built}) != len(built):
        raise MapRequestError(code="same_key", detail="two layers have the same key in links", remedy="rename one")
    built.sort(key=lambda one: (kind_rank(one.document["kind"]), one.document["name"]))
    layers = built
    if request.precision != "simplified":
        budget = INDEX_BUDGET if request.precision == "auto" and not apart else None
        layers = _with_indexes(built, loaded, budget=budget)
        if apart is None and _bytes(layers) > LARGEST:
            apart = True
            layers = _with_indexes(built, loaded, budget=None)
    apart = _bytes(layers) > LARGEST if apart is None else apart
    documents = [one.document for one in layers]
    if request.edition.public:
        _without_digests(layers)
    region = region_of(store)
    box = _whole([*(document["bounds"] for document in documents), None if region is None else region.bounds])
    base = base_layers(request.edition, box)
    not_checked = classes_not_checked([one.layer.card for one in layers])
    document = {
        "format": 1,
        "edition": "public" if request.edition.public else "standard",
        "as_of": request.as_of,
        "title": _title(request, region),
        "notices": _notices(documents, request),
        "words": {language: _words(language, not_checked) for language in ("zh", "en")},
        "language": request.language,
        "bounds": box or _LAND,
        "required_kinds": list(loaded.required),
        "lost": [
            {
                "layer": None if lost.layer is None else clean(lost.layer),
                "kind": lost.kind,
                "role": lost.role,
                "detail": lost.detail,
            }
            for lost in loaded.lost
        ],
        "not_checked": list(not_checked),
        "styles": styles_of(request.sheet),
        "layers": documents,
        "base": base.documents,
        "review_number": None if request.edition.review_number is None else clean(request.edition.review_number),
        "tiles": None if request.tiles is None else request.tiles.to_dict(),
        "allow": {
            "locate": request.edition.may_locate,
            "upload": request.edition.may_upload,
            "annotate": request.edition.may_annotate,
        },
        "withheld": [line.to_dict() for one in layers for line in one.shown.withheld],
    }
    restricted = [d["name"] for d in documents if d["restricted"] and d["judge"]["precision"] != "generalised"]
    given = given_away([(one.layer, one.shown) for one in layers]) if request.edition.public else ()
    return Contents(
        document=document,
        chunks=(*(chunk for one in layers for chunk in one.chunks), *base.chunks),
        apart=apart,
        restricted=tuple(restricted),
        given_away=given,
    )


def _with_indexes(built: Sequence[PageLayer], loaded: Loaded, *, budget: int | None) -> list[PageLayer]:
    """The layers, the smallest indexes among them first as long as the budget lasts; None: all of them."""
    left = float("inf") if budget is None else float(budget)
    found: dict[str, PageLayer] = {}
    lost = set()
    for one in sorted(built, key=lambda each: each.index_bytes or 0):
        key = one.document["key"]
        found[key] = one
        if one.index_bytes is None or one.index_bytes > _PACKING * left:
            continue
        try:
            index = one.index()
        except DAMAGE as trouble:
            loaded.lose(one.layer, trouble)
            lost.add(key)
            continue
        if len(index.block) <= left:
            left -= len(index.block)
            found[key] = one.with_index(index)
    return [found[one.document["key"]] for one in built if one.document["key"] not in lost]


def _bytes(layers: Sequence[PageLayer]) -> int:
    """Of the layers as text."""
    return sum(len(chunk.block) for one in layers for chunk in one.chunks) * 4 // 3


def _without_digests(layers: Sequence[PageLayer]) -> None:
    """
    Coverages are told apart by number: the source of one is the name of a file, and its version may be the digest of
    what is not shown, which would tell a right guess from a wrong one. Only whether two agree matters.

    Where the card states neither, the judge would take the layer's name and version, which a public edition cuts short.
    """
    sources: dict[str, str] = {}
    versions: dict[tuple[str, str], str] = {}
    for one in layers:
        card, judge = one.layer.card, one.document["judge"]
        if not judge["coverage_stated"]:
            judge["coverage_source"] = judge["coverage_version"] = None
            continue
        source = card.coverage_source or card.name
        pair = source, card.coverage_version or one.layer.entry.version
        judge["coverage_source"] = sources.setdefault(source, str(len(sources) + 1))
        judge["coverage_version"] = versions.setdefault(pair, str(len(versions) + 1))


def _require(wanted: Sequence[str], names: set[str]) -> None:
    for name in wanted:
        if name not in names:
            raise MapRequestError(
                code="unknown_layer",
                detail=f"--layer names {name!r}, which is no layer of the workspace",
                remedy=f"the layers are: {', '.join(sorted(names)) or 'none'}",
            )


def _changes_on(store: WorkspaceStore, layer: OpenLayer, as_of: str) -> str | None:
    """The first later day on which another version, or other features of this one, answer."""
    later = {e.valid_from for e in store.entries if e.layer == layer.card.name and (e.valid_from or "") > as_of}
    return min((day for day in (*later, layer.records.changes_on(as_of)) if day is not None), default=None)


def _leave_out(loaded: Loaded, layer: OpenLayer) -> None:
    """What a page does not hold decides nothing there: a protective layer left out makes its kind unknown."""
    loaded.layers = [pair for pair in loaded.layers if pair[0] is not layer]
    card = layer.card
    if card.role == "protective":
        version = layer.entry.version
        loaded.lost.append(Lost(layer=card.name, kind=card.kind, version=version, role=card.role, detail="left_out"))


def _title(request: MapRequest, region: Region | None) -> dict[str, str]:
    if request.title is None:
        return both("public_map.title") if region is None else both("public_map.title_of", name=clean(region.name))
    return {"zh": clean(request.title), "en": clean(request.title)}


def _notices(layers: Sequence[Mapping[str, Any]], request: MapRequest) -> list[dict[str, Any]]:
    """What must always be in sight: for whom, review number, synthetic and indicative, dates, sources."""
    edition = request.edition
    found: list[tuple[str, dict[str, str]]] = []
    if not edition.public and edition.review_number is None:
        found.append(("internal_map", both("note.internal_map")))
    if edition.public:
        found.append(("public_edition", both("public_map.speaks_for_data")))
    number = edition.review_number
    if number is not None:
        found.append(("review_number", both("public_map.review_number", number=number)))
    else:
        found.append(("no_review_number", both(f"public_map.no_{'review' if edition.public else 'number'}")))
    for code in ("restricted", "synthetic", "indicative"):
        marked = sum(bool(layer[code]) for layer in layers)
        if code == "restricted" and edition.public:
            continue  # its own line says how such layers are shown
        if marked:
            some = marked < len(layers) and code != "restricted"
            found.append((code, both(f"public_map.some_{code}" if some else f"note.{code}")))
    dates = sorted({layer["data_date"] for layer in layers if layer["data_date"]})
    if dates:
        span = dates[0] if len(dates) == 1 else f"{dates[0]} – {dates[-1]}"
        found.append(("data_dates", both("public_map.data_dates", dates=span, as_of=request.as_of)))
    else:
        found.append(("data_dates", both("public_map.no_dates", as_of=request.as_of)))
    sources = list(dict.fromkeys(layer["source"] for layer in layers if layer["source"]))
    if sources:
        shown = "；".join(sources[:3])
        code = "public_map.sources" if len(sources) <= 3 else "public_map.sources_and_more"
        found.append(("sources", both(code, sources=shown, count=len(sources))))
    return [{"code": code, "text": text} for code, text in found]


def _words(language: Language, not_checked: Sequence[str]) -> dict[str, str]:
    """Every fixed word, by its code in the catalogue (``answer.hit``, ``page.search`` …)."""
    found = {code: word(code, language) for group in _GROUPS for code in codes_of(group)}
    names = {f"not_checked.{name}": name if language == "zh" else class_in_english(name) for name in not_checked}
    return found | names


def styles_of(sheet: StyleSheet) -> dict[str, dict[str, Any]]:
    """Every look by its key, every mark by ``mark-`` and its name, with the lines of their hatches."""
    looks = {look.key: look for look in (*sheet.looks.values(), sheet.site)}
    looks |= {f"{MARK}{name}": look for name, look in sheet.marks.items()}
    return {
        key: {
            "key": key,
            "colour": look.colour,
            "fill": look.fill,
            "fill_opacity": look.fill_opacity,
            "weight": look.weight,
            "dash": look.dash,
            "hatch": None if look.pattern is None else _lines(look.pattern),
            "radius": look.radius,
        }
        for key, look in looks.items()
    }


def _lines(hatch: Hatch) -> dict[str, Any]:
    return {
        "tile": hatch.tile,
        "angles": list(hatch.angles),
        "width": hatch.width,
        "opacity": hatch.opacity,
        "path": hatch.path,
    }


def _whole(boxes: Sequence[Sequence[float] | None]) -> list[float] | None:
    """The box around all; None where nothing has one."""
    there = [box for box in boxes if box is not None]
    if not there:
        return None
    wests, souths, easts, norths = zip(*there, strict=True)
    return [min(wests), min(souths), max(easts), max(norths)]
