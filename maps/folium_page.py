"""What every folium page of ours has in common: Leaflet alone, text put in as values, the same bytes every time."""

from __future__ import annotations

import re
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from maps import phrases

if TYPE_CHECKING:
    from maps.markup import Html

__all__ = ["new_map", "put_script", "rendered", "template"]


_ZOOM_FORBIDDEN = re.compile(r",\s*maximum-scale=1\.0,\s*user-scalable=no")
"""In the head of Folium's page; who sees badly enlarges it."""


def new_map(name: str, *, centre: tuple[float, float], **options: Any) -> Any:
    """
    A folium map of Leaflet alone: no tiles, no jQuery, Bootstrap or icon fonts.

    Use it for every page; `rendered` makes the HTML. In the page its variable is ``map_NAME``.

    Parameters
    ----------
    name
        A word of ASCII letters.
    centre
        Latitude and longitude, degrees.
    options
        Further options of folium's Map and Leaflet's.
    """
    import folium

    page = folium.Map(location=list(centre), tiles=None, **options, attributionControl=False)
    page._id = name  # noqa: SLF001 - folium makes a new one each time
    page.default_js = [pair for pair in page.default_js if pair[0] == "leaflet"]
    page.default_css = [pair for pair in page.default_css if pair[0] == "leaflet_css"]
    return page


def put_script(page: Any, code: str, *, name: str) -> None:
    """Add code that runs once the map is there; it is given as a value, so that no brace in it is a template's."""
    from branca.element import MacroElement
    from folium.template import Template

    call: Any = MacroElement()  # type: ignore[no-untyped-call]
    call._name = "Call"  # noqa: SLF001
    call._template = Template("{% macro script(this, kwargs) %}{{ this.code }}{% endmacro %}")  # noqa: SLF001
    call.code = code
    call._id = name  # noqa: SLF001
    page.add_child(call)


def rendered(page: Any, *, heading: str, language: str, head: str, body: Html, css: str) -> str:
    """
    The page as folium renders it.

    Parameters
    ----------
    page
        From `new_map`.
    heading
        The window's title.
    language
        ``zh`` or ``en``.
    head, body
        HTML for both, put in as it is.
    css
        The page's own style sheet; it comes last.
    """
    from branca.element import Element

    figure: Any = page.get_root()
    figure.title = escape(phrases.clean(heading))
    for place, text in ((figure.header, head), (figure.html, body)):
        # Given as a value, never as a template: a template would run what a name holds between braces.
        element: Any = Element("{{ this.text }}")
        element.text = text
        place.add_child(element)
    html: str = _ZOOM_FORBIDDEN.sub("", figure.render())
    lang = "zh-CN" if language == "zh" else "en"
    # The style sheet of this page comes last, after those of folium and its plugins.
    return html.replace("</head>", f"<style>{css}</style>\n</head>", 1).replace("<html>", f'<html lang="{lang}">', 1)


def template(name: str) -> str:
    """A file of ``maps/templates`` as text."""
    return files("maps").joinpath("templates", name).read_text(encoding="utf-8")
