"""The one content that every format of a report is written from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maps import phrases
from maps.figure.static_map import FONTS, static_map
from maps.panel import notices
from maps.report.certainty_content import certainty_sections
from maps.report.district_content import district_sections
from maps.report.finding_content import finding_sections, plain_table, summary_section
from maps.report.layer_content import data_sections, method_section, verify_section
from maps.report.model import Companion, Figure, Paragraph, Report, Section
from maps.report.ruling_content import ruling_sections
from maps.report.site_content import corner_section, project_section
from maps.report.surroundings_content import surroundings_sections
from maps.report.titles import say
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from screening.overlap import LayerOutline, Overlap
    from screening.words import Language

__all__ = ["report_of"]


def report_of(
    result: Mapping[str, Any],
    *,
    geometry: BaseGeometry,
    overlaps: Sequence[Overlap],
    layers: Sequence[LayerOutline],
    language: Language = "zh",
    certificate: Mapping[str, str] | None = None,
    companions: Sequence[Companion] = (),
    fonts: str = FONTS,
) -> Report:
    """
    The report of a result, before a format is chosen.

    Use it to look at a report's content, or to write several formats of one; `maps.report.write_report` does both.
    What the result does not hold has no section (``ruling``, ``certainty``), except that what failed, what was
    not checked and how to verify are always there.

    Parameters
    ----------
    result
        The JSON of a verdict or a dossier.
    geometry, overlaps, layers
        As `maps.screening_map.draw` takes them, EPSG:4490.
    language
        ``zh`` or ``en``.
    certificate
        ``sha256`` and ``file`` of the certificate, if one was made.
    companions
        Files that belong to the report.
    fonts
        Families that the figure is lettered in.

    Raises
    ------
    NotDrawableError
        A geometry cannot be drawn.
    KeyError
        ``result`` lacks a key of the contract.
    """
    marks = tuple(words for _, words in notices(result, layers, language))
    picture = static_map(result, geometry=geometry, overlaps=overlaps, layers=layers, language=language, fonts=fonts)
    name = phrases.clean(result["site"]["name"] or word("map.site", language))
    figure = Section(
        key="figure",
        title=say("figure", language),
        blocks=(
            Figure(picture=picture, caption=word("figure.title", language, name=name)),
            *_missing(picture.not_drawn, language),
        ),
    )
    sections = [
        summary_section(result, language),
        project_section(result, language, geometry=geometry),
        figure,
        corner_section(geometry, language),
        *finding_sections(result, language),
        *surroundings_sections(result.get("surroundings"), language),
        *ruling_sections(result.get("ruling"), language),
        *district_sections(result.get("districts"), language),
        *certainty_sections(result.get("certainty"), language),
        *data_sections(result, language),
        method_section(language),
        verify_section(certificate, companions, language),
    ]
    return Report(
        language=language,
        title=say("title", language),
        subject=name,
        as_of=result["as_of"],
        marks=marks,
        sections=tuple(sections),
        findings=plain_table(result, language, marks),
        companions=tuple(companions),
    )


def _missing(not_drawn: Sequence[str], language: Language) -> list[Paragraph]:
    """What the figure does not show, under it as text."""
    if not not_drawn:
        return []
    colon, separator = ("：", "；") if language == "zh" else (": ", "; ")
    text = word("figure.not_drawn", language) + colon + separator.join(not_drawn)
    return [Paragraph(text=text, tone="warning")]
