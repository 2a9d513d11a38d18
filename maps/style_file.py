"""The file of looks (``maps/style.toml``, or a user's own), read and checked; what is wrong is named with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from maps.errors import StyleFileError
from maps.looks import MARK, FeatureStyle, Hatch, Overlap, StyleSheet
from spatial.datafiles import toml_tables

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

__all__ = ["load_style"]


def load_style(path: str | os.PathLike[str] | None = None) -> StyleSheet:
    r"""
    The looks of a style file; what it leaves out is as in the project's own.

    Use it where an office has colours of its own: copy what differs from ``maps/style.toml``.

    Parameters
    ----------
    path
        A TOML file in the form that ``maps/style.toml`` explains; None for that file alone.

    Returns
    -------
    sheet
        Every look; classes that are not named take their kind's.

    Raises
    ------
    StyleFileError
        If the file cannot be read, names a kind, class or property there is none of, or a value that cannot be drawn.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     own = Path(folder) / "own.toml"
    ...     look = 'key = "red", colour = "#ff0000", fill_opacity = 0.1, hatch = "diagonal"'
    ...     _ = own.write_text(f'[looks.red_lines]\n"*" = {{ {look} }}\n', encoding="utf-8")
    ...     sheet = load_style(own)
    >>> sheet.style_of("red_lines", "red_line").colour, sheet.style_of("control_units", "priority").fill
    ('#ff0000', '#145242')
    """
    standard = toml_tables(Path(__file__).with_name("style.toml"))
    if path is None:
        return _sheet(standard, standard, Path("style.toml"))
    file = Path(path)
    try:
        given = toml_tables(file)
    except OSError as error:
        why = error.strerror or str(error)
        raise StyleFileError(path=file, key="", why=why, remedy="check the name and that it can be read") from error
    except ValueError as error:  # no UTF-8, no TOML
        raise StyleFileError(path=file, key="", why=str(error), remedy="save it as TOML in UTF-8") from error
    reader = _Reader(path=file)
    reader.require_names(given, "", tuple(standard))
    known: dict[str, dict[str, Any]] = standard["looks"]
    looks = {kind: dict(classes) for kind, classes in known.items()}
    for kind, classes in reader.table(given.get("looks", {}), "looks").items():
        reader.require_one_of(kind, f"looks.{kind}", tuple(known))
        for class_, look in reader.table(classes, f"looks.{kind}").items():
            reader.require_class(class_, f"looks.{kind}.{class_}", known[kind])
            looks[kind][class_] = look
    merged: dict[str, Any] = {"format": given.get("format", standard["format"]), "looks": looks}
    for name in ("hatching", "overlap", "hatches", "marks"):
        part = reader.table(given.get(name, {}), name)
        reader.require_names(part, name, tuple(standard[name]))
        merged[name] = {**standard[name], **part}
    return _sheet(merged, standard, file)


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Values of a style file, each checked where it stands."""

    path: Path

    def refuse(self, key: str, why: str, remedy: str) -> StyleFileError:
        return StyleFileError(path=self.path, key=key, why=why, remedy=remedy)

    def table(self, value: Any, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.refuse(key, f"{value!r} is no table", "write it as in maps/style.toml")
        return value

    def require_one_of(self, value: Any, key: str, allowed: tuple[str, ...]) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise self.refuse(key, f"there is no {value!r}", f"use one of {', '.join(allowed)}")
        return value

    def require_names(self, table: Mapping[str, Any], key: str, allowed: tuple[str, ...]) -> None:
        for name in table:
            self.require_one_of(name, f"{key}.{name}".lstrip("."), allowed)

    def require_class(self, class_: str, key: str, known: Mapping[str, Any]) -> None:
        from screening.words import has_word

        if class_ not in known and not has_word(f"class.{class_}"):
            raise self.refuse(key, f"there is no class {class_!r}", f"use {', '.join(known)} or a class of the kind")

    def number(
        self,
        table: Mapping[str, Any],
        name: str,
        key: str,
        *,
        within: tuple[float, float],
        default: float | None = None,
    ) -> float:
        value = table.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not within[0] <= value <= within[1]:
            remedy = f"give a number from {within[0]:g} to {within[1]:g}"
            raise self.refuse(f"{key}.{name}", f"{value!r} cannot be drawn", remedy)
        return value

    def colour(self, table: Mapping[str, Any], name: str, key: str, default: str | None = None) -> str:
        value = table.get(name, default)
        if not isinstance(value, str) or not re.fullmatch("#[0-9a-fA-F]{6}", value):
            raise self.refuse(f"{key}.{name}", f"{value!r} is no colour", 'write it as "#b8002e"')
        return value.lower()

    def dash(self, table: Mapping[str, Any], key: str) -> str | None:
        value = table.get("dash")
        if value is None:
            return None
        lengths = value.split() if isinstance(value, str) else []
        fine = all(re.fullmatch(r"\d{1,3}(\.\d{1,3})?", length) and float(length) > 0 for length in lengths)
        if not fine or not lengths or len(lengths) % 2:
            raise self.refuse(f"{key}.dash", f"{value!r} is no dash", 'write strokes and gaps in turn, as "9 4"')
        return " ".join(lengths)


_PROPERTIES = ("key", "colour", "fill", "fill_opacity", "weight", "dash", "hatch", "radius")


def _sheet(data: Mapping[str, Any], standard: Mapping[str, Any], path: Path) -> StyleSheet:
    reader = _Reader(path=path)
    if data["format"] != standard["format"]:
        raise reader.refuse("format", f"{data['format']!r} is not known", f"this version reads {standard['format']}")
    lines = data["hatching"]
    width = reader.number(lines, "width", "hatching", within=(0.1, 10))
    opacity = reader.number(lines, "opacity", "hatching", within=(0, 1))
    patterns = {}
    for name, shape in data["hatches"].items():
        key = f"hatches.{name}"
        reader.require_names(reader.table(shape, key), key, ("tile", "angles"))
        angles = shape.get("angles")
        if not isinstance(angles, list) or not angles or not all(angle in (0, 45, 90, 135) for angle in angles):
            raise reader.refuse(f"{key}.angles", f"{angles!r} cannot be drawn", "use 0, 45, 90 and 135, as [0, 90]")
        tile = reader.number(shape, "tile", key, within=(4, 64))
        patterns[name] = Hatch(name=name, tile=tile, angles=tuple(angles), width=width, opacity=opacity)
    looks: dict[tuple[str, str], FeatureStyle] = {}
    by_key: dict[str, FeatureStyle] = {}
    for kind, classes in data["looks"].items():
        for class_, look in classes.items():
            key = f"looks.{kind}.{class_}"
            if str(reader.table(look, key).get("key")).startswith(MARK):
                raise reader.refuse(f"{key}.key", f"{MARK}… are the keys of [marks]", "give it a key of its own")
            style = _look(reader, look, key, patterns)
            if by_key.setdefault(style.key, style) != style:
                why = f"{style.key!r} is the key of another look as well"
                raise reader.refuse(f"{key}.key", why, "give it a key of its own")
            looks[kind, class_] = style
    part = data["overlap"]
    overlap = Overlap(
        colour=reader.colour(part, "colour", "overlap"),
        fill_opacity=reader.number(part, "fill_opacity", "overlap", within=(0, 1)),
        weight=reader.number(part, "weight", "overlap", within=(0, 20)),
        hatch_colour=reader.colour(part, "hatch_colour", "overlap"),
        hatch_opacity=reader.number(part, "hatch_opacity", "overlap", within=(0, 1)),
    )
    site = looks.pop(("site", "*"))
    marks = {
        name: _look(reader, {**reader.table(mark, f"marks.{name}"), "key": f"{MARK}{name}"}, f"marks.{name}", patterns)
        for name, mark in data["marks"].items()
    }
    marks |= {"site": site, "coverage": looks["coverage", "*"]}
    return StyleSheet(looks=MappingProxyType(looks), site=site, overlap=overlap, marks=MappingProxyType(marks))


def _look(reader: _Reader, look: Mapping[str, Any], key: str, patterns: Mapping[str, Hatch]) -> FeatureStyle:
    reader.require_names(look, key, _PROPERTIES)
    name, hatch = look.get("key"), look.get("hatch")
    if not isinstance(name, str) or not re.fullmatch("[A-Za-z0-9_-]{1,40}", name):
        raise reader.refuse(f"{key}.key", f"{name!r} is no key", "use letters, digits, - and _")
    if hatch is not None:
        reader.require_one_of(hatch, f"{key}.hatch", tuple(patterns))
    colour = reader.colour(look, "colour", key)
    return FeatureStyle(
        key=name,
        colour=colour,
        fill=reader.colour(look, "fill", key, colour),
        fill_opacity=reader.number(look, "fill_opacity", key, within=(0, 1)),
        weight=reader.number(look, "weight", key, within=(0, 20), default=1.6),
        dash=reader.dash(look, key),
        hatch=hatch,
        pattern=patterns[hatch] if hatch else None,
        radius=reader.number(look, "radius", key, within=(1, 40), default=6.0),
    )
