"""What a workspace's figure says in words: of each layer its date, source and marks; of the whole what it is not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import shapely

from maps import phrases
from maps.figure.legend_blocks import Entry, LegendBlock
from maps.figure.map_layers import entry_of
from maps.figure.wording import colon, languages, listed, say, say_code
from screening.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.figure.plane import Plane
    from maps.figure.wording import FigureLanguage
    from maps.figure.workspace_layers import WorkspaceLayer, WorkspaceLayers

__all__ = ["LayerWords", "foot_of", "stamp_of"]

_RED, _INK = "#a3001f", "#333333"
_SHAPES = ("point", "line", "area")


@dataclass(frozen=True)
class LayerWords:
    """The words of one layer in one language."""

    layer: WorkspaceLayer
    language: FigureLanguage

    def block(self, entries: Sequence[Entry]) -> LegendBlock:
        """The legend's block of the layer."""
        return LegendBlock(heading=self.layer.outline.layer, about=self.about, marks=self.marks, entries=tuple(entries))

    def guess(self) -> tuple[Entry, ...]:
        """Every line the legend may need for it, before anybody knows what is in the window."""
        found: dict[tuple[object, ...], Entry] = {}
        for feature in self.layer.outline.features:
            shape = _SHAPES[max(int(shapely.get_dimensions(feature.geometry)), 0)]
            key = (feature.class_, shape, feature.flags, feature.id in self.layer.ended)
            if key not in found:
                found[key] = entry_of(self.layer, feature, shape, self.language)
        return tuple({(entry.text, entry.style.key, entry.shape): entry for entry in found.values()}.values())

    @property
    def dated(self) -> tuple[str, str]:
        """Its data date and its source, or that they are not stated."""
        card, missing = self.layer.card, say("map.not_stated", self.language)
        return (
            self._named("map.data_date", card.data_date or missing),
            self._named("map.source", phrases.clean(card.source or missing)),
        )

    @property
    def about(self) -> tuple[str, ...]:
        """Date, source, how it was georeferenced, how accurate that is."""
        card, language = self.layer.card, self.language
        method = say_code("method", card.georeference_method, language)
        metres = f"{math.ceil(card.accuracy_m * 10) / 10:,g}"
        accuracy = f"{say('sheet.accuracy', language)} {metres} {say('unit.metres', language)}"
        return (*self.dated, listed([method, accuracy], language))

    def _named(self, code: str, value: str) -> str:
        return f"{say(code, self.language)}{colon(self.language)}{value}"

    @property
    def marks(self) -> str:
        """What must not be overlooked about it; empty where there is nothing."""
        card, language = self.layer.card, self.language
        codes = [code for code in ("restricted", "synthetic", "indicative") if getattr(card, code)]
        said = [say(f"note.{code}", language) for code in codes]
        if self.layer.validity is not None:
            said.append(say_code("reason", self.layer.validity, language))
        return (" | " if language == "en" else "；").join([*said, *self.not_drawn])

    @property
    def not_drawn(self) -> tuple[str, ...]:
        """What of the layer no picture shows."""
        card, language, found = self.layer.card, self.language, []
        if self.layer.without_place:
            found.append(say("sheet.without_place", language, count=self.layer.without_place))
        rejected = sum(one.accepted is None for one in card.rejected)
        if rejected:
            found.append(say("sheet.rejected", language, count=rejected))
        return tuple(found)

    @property
    def line(self) -> str:
        """The layer in one line: name, date, source."""
        declared = (say("sheet.declared_none", self.language),) if self.layer.card.declared_none else ()
        inside = listed([*self.dated, *declared, *self.not_drawn], self.language)
        name = phrases.clean(self.layer.outline.layer)
        return f"{name} ({inside})" if self.language == "en" else f"{name}（{inside}）"


def stamp_of(found: WorkspaceLayers, review_number: str | None, language: FigureLanguage) -> tuple[str, ...]:
    """The marks of the whole figure: those of any of its layers, and the review number or that there is none."""
    codes = ("restricted", "synthetic", "indicative")
    marks = [code for code in codes if any(getattr(layer.card, code) for layer in found.layers)]
    review = (
        say("sheet.no_review", language)
        if review_number is None
        else say("sheet.review", language, number=phrases.clean(review_number))
    )
    return (*(say(f"note.{code}", language) for code in marks), review)


def foot_of(
    found: WorkspaceLayers,
    language: FigureLanguage,
    *,
    absent: Sequence[LayerWords],
    hidden: Sequence[str],
    plane: Plane | None,
    base: Mapping[str, str] | None,
    unit_mm: float,
) -> tuple[tuple[str, str], ...]:
    """
    The lines below the map, with their colour.

    Parameters
    ----------
    found
        The layers and those lost.
    language
        Of the words.
    absent
        Layers that were to be shown and are not seen.
    hidden
        Names of layers switched off.
    plane
        Of the map; None while it is not drawn yet.
    base
        Who published the district outlines, by language; None: there are none.
    unit_mm
        Millimetres of the paper in one unit.
    """
    mark, stop = colon(language), "; " if language == "en" else "；"
    lines: list[tuple[str, str]] = []
    missing = [_lost(one.layer, one.kind, one.code, language) for one in found.lost]
    missing += [one.line for one in absent if not one.layer.outline.features and one.layer.without_place]
    if missing:
        lines.append((say("sheet.not_drawn", language) + mark + stop.join(missing), _RED))
    empty = [one.line for one in absent if one.layer.outline.features or not one.layer.without_place]
    if empty:
        lines.append((say("sheet.absent", language) + mark + stop.join(empty), _INK))
    if hidden:
        lines.append((say("sheet.hidden", language) + mark + listed(hidden, language), _INK))
    said = [say("sheet.as_of", language, date=found.as_of)]
    if base is None:
        said.append(say("sheet.no_base", language))
    else:
        said.append(" / ".join(word("sheet.base", one, source=base[one]) for one in languages(language)))
    said.append(say("sheet.no_answer", language))
    lines.append((stop.join(said), _INK))
    if plane is None:
        lines.append(("　" * 60, _INK))
    elif plane.zone:
        code = plane.system.code
        crs = say("figure.crs", language, meridian=plane.meridian, zone=plane.zone, code=code)
        lines.append((crs + stop + _scale(plane, language, unit_mm), _INK))
    else:
        crs = say("sheet.crs_conic", language, meridian=plane.meridian)
        lines.append((crs + stop + _scale(plane, language, unit_mm), _INK))
    return tuple(lines)


def _scale(plane: Plane, language: FigureLanguage, unit_mm: float) -> str:
    number = plane.unit_m * 1000 / unit_mm
    digits = 10 ** max(math.floor(math.log10(number)) - 2, 0)
    return say("sheet.scale", language, number=f"{round(number / digits) * digits:,}")


def _lost(layer: str | None, kind: str | None, code: str, language: FigureLanguage) -> str:
    name = layer or (say_code("kind", kind, language) if kind else say("report.workspace", language))
    group = "reason" if code == "layer_unreadable" else "damage"
    return f"{phrases.clean(name)}{colon(language)}{say_code(group, code, language)}"
