"""Metadata beside a shapefile (``F.shp.xml``, FGDC CSDGM), where ArcGIS shows constraints of use."""

from __future__ import annotations

from xml.sax.saxutils import escape

from spatial.writing.text import encodable

__all__ = ["metadata_xml"]


def metadata_xml(*, title: str, abstract: str, constraints: str, dated: str) -> bytes:
    """
    The least that states what a shapefile is and how it may be used.

    Parameters
    ----------
    title, abstract, constraints
        Any text; characters XML cannot hold become ``U+FFFD``.
    dated
        ISO date the content stands for; never taken from the clock.

    Examples
    --------
    >>> xml = metadata_xml(title="t", abstract="", constraints="a < b", dated="")
    >>> b"<useconst>a &lt; b</useconst>" in xml
    True
    """
    title, abstract, constraints, dated = (_written(t) for t in (title, abstract, constraints, dated))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<metadata><idinfo>'
        f"<citation><citeinfo><title>{title}</title></citeinfo></citation>"
        f"<descript><abstract>{abstract}</abstract></descript>"
        f"<timeperd><timeinfo><sngdate><caldate>{dated}</caldate></sngdate></timeinfo></timeperd>"
        f"<accconst>{constraints}</accconst><useconst>{constraints}</useconst>"
        "</idinfo></metadata>\n"
    ).encode()


def _written(text: str) -> str:
    visible = "".join("\ufffd" if (c < " " and c not in "\t\n\r") or c in "\ufffe\uffff" else c for c in text)
    return escape(encodable(visible, "UTF-8").text)
