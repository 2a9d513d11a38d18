"""The page of a public map: one file that asks no network for anything, or the same with its chunks beside it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from maps.folium_page import new_map, rendered, template
from maps.markup import Html, embedded_json, tag
from maps.offline import Allowed, inline, licences, script_text
from maps.public_map.chunks import Chunk, beside, described, inside
from maps.public_map.document import Contents, MapRequest, contents_of
from screening.words import word
from spatial.packing import packed

if TYPE_CHECKING:
    from layers.workspace.store import WorkspaceStore
    from screening.words import Language

__all__ = ["Page", "build_page", "page_of"]

_JUDGE, _PAGE = "page/judge.js", "page/page.js"
_FIRST, _REST = "<!-- chunks of the first view -->", "<!-- chunks -->"
"""Where chunks stand: those that the first view is drawn from before the page's script, the others behind it."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """
    A page, not yet written.

    Attributes
    ----------
    html
        The page.
    files
        What lies beside it, by the name relative to the page; empty for a page of one file.
    contents
        What it holds.
    """

    html: str
    files: dict[str, bytes]
    contents: Contents


def build_page(store: WorkspaceStore, request: MapRequest, *, name: str = "map", folder: bool | None = None) -> Page:
    """
    The public map of a workspace.

    Use it for a map that people open, search and ask; nothing is written.

    Parameters
    ----------
    store
        The workspace, opened now.
    request
        What the page is to be.
    name
        The stem of the page's file: its chunks lie in ``NAME_files``.
    folder
        Whether chunks lie beside the page; None: where one file would be too large.

    Returns
    -------
    page
        The same for the same workspace and request.

    Raises
    ------
    EditionError, MapRequestError
        If something is asked for that cannot be made.
    AssetsMissingError, AssetDamagedError
        If the locked scripts are not there or not whole.
    """
    contents = contents_of(store, request, apart=folder)
    return page_of(contents, request, folder=f"{name}_files" if contents.apart else None)


def page_of(contents: Contents, request: MapRequest, *, folder: str | None) -> Page:
    """
    The page of contents at hand.

    Parameters
    ----------
    contents
        From `contents_of`.
    request
        The same as there.
    folder
        Name of the folder of the chunks beside the page; None: they stand in it.
    """
    judge = script_text(_JUDGE)
    code = np.frombuffer(judge.encode(), dtype=np.uint8)
    chunks = (*contents.chunks, Chunk(key="judge", block=packed({"code": code})))
    document = contents.document | {"chunks": described(chunks, folder=folder)}
    text = embedded_json(document)
    digest = hashlib.sha256(text.encode()).hexdigest()
    body = Html(
        _opening(document["title"][request.language], request.language)
        + "\n"
        + tag("script", text, type="application/json", id="map-document", data_sha256=digest)
        + "\n"
        + _FIRST
        + "\n"
        + tag("script", Html(embedded_json(licences())), type="application/json", id="licences")
    )
    html = _fold(document, body, request)
    tiles = request.tiles
    allowed = Allowed(
        scripts=(judge,),
        assembly=True,
        beside=folder is not None,
        images=("blob:", *(() if tiles is None else tiles.hosts)),
    )
    html = inline(html, allowed=allowed)
    first = _first_keys(document)
    for place, wanted in ((_FIRST, True), (_REST, False)):
        if html.count(place) != 1:
            raise ValueError("the place of the chunks is not once in the page")
        own = [] if folder is not None else [chunk for chunk in chunks if (chunk.key in first) == wanted]
        html = html.replace(place, inside(own))
    files = {} if folder is None else {f"{folder}/{chunk.key}.js": beside(chunk) for chunk in chunks}
    return Page(html=html, files=files, contents=contents)


def _first_keys(document: dict[str, Any]) -> frozenset[str]:
    """What is known of the features, and every level but the finest."""
    layers = document["layers"]
    levels = [level["chunk"] for layer in layers for level in layer["levels"][: max(1, len(layer["levels"]) - 1)]]
    return frozenset([*(layer["features"] for layer in layers), *levels])


def _fold(document: dict[str, Any], body: Html, request: MapRequest) -> str:
    west, south, east, north = document["bounds"]
    page = new_map(
        "public",
        centre=((south + north) / 2, (west + east) / 2),
        zoom_start=8,
        zoomSnap=0.25,
        maxZoom=21,
        minZoom=3,
        zoomControl=False,
        keyboard=True,
        fadeAnimation=False,  # tiles appear as they are painted
    )
    metas = [tag("meta", name="viewport", content="width=device-width, initial-scale=1")]
    metas += [tag("meta", name="as-of", content=document["as_of"])]
    metas += [
        tag("meta", name=n["code"].replace("_", "-"), content=n["text"][request.language]) for n in document["notices"]
    ]
    html = rendered(
        page,
        heading=document["title"][request.language],
        language=request.language,
        head="\n".join(metas),
        body=body,
        css=_css(),
    )
    # Not through branca, which would read the code as a template. Folium's own script stands before it.
    code = f"window.mapOfPage = {page.get_name()};\n{script_text(_PAGE)}"
    before, end, after = html.rpartition("</html>")
    return f"{before}<script>\n{code}\n</script>\n{_REST}\n{end}{after}"


def _opening(title: str, language: Language) -> Html:
    """What stands there while a phone still reads the file, and where no script may run; all that is large follows."""
    lines = [("opening-title", title), (None, word("page.loading", language))]
    lines.append(("opening-note", word("page.needs_script", language)))
    return tag("div", *(tag("p", text, class_=name) for name, text in lines), id="opening", role="status")


def _css() -> str:
    try:
        return template("public_map.css")
    except FileNotFoundError:
        return ""
