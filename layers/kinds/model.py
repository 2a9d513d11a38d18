"""What every kind of layer has in common: its specification, and what a record amounts to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from layers.fields import fold, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from layers.fields import FieldAliases, FieldView
    from layers.model import Feature, KindName, Role

__all__ = ["FieldProblem", "Interpretation", "KindSpec", "LayerContext", "Settled", "Standing", "settle"]

Extent = Literal["own", "none", "everywhere"]


@dataclass(frozen=True, kw_only=True)
class FieldProblem:
    """
    Something in a record that was not understood, and was therefore read the strict way.

    Examples
    --------
    >>> FieldProblem(code="date_not_understood", record="7", field="生效日期", value="去年").code
    'date_not_understood'
    """

    code: str
    """A key of ``[field_problem]`` in the catalogue of words."""
    record: str
    """The record's id as given; ``*`` for the layer as a whole."""
    field: str
    """The column, by its own name."""
    value: str


@dataclass(frozen=True, kw_only=True)
class LayerContext:
    """What holds for a layer as a whole while its records are read."""

    role: Role
    influence_m: float | None
    """Influence distance stated for the layer, metres."""
    aliases: FieldAliases


@dataclass(frozen=True, kw_only=True)
class Standing:
    """
    What one record amounts to, as its kind reads it; whether it has an extent is settled for all kinds alike.

    ``counts`` is asked of a protective layer only. ``relation`` carries what ``link`` needs (the name of a
    successor).
    """

    class_: str
    counts: bool
    class_label: str | None = None
    flags: tuple[str, ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()
    """(code, column, value)."""
    relation: str | None = None
    own_fields: tuple[tuple[str, str], ...] = ()
    """(meaning, code): fields of the kind that were understood; they replace the words of ``KindSpec.own_fields``."""


@dataclass(frozen=True, kw_only=True)
class KindSpec:
    """
    What a kind is: one file of ``layers/kinds`` each, registered in ``layers.kinds.KIND_SPECS``.

    A new kind is a new file and a line in the registry.
    """

    name: KindName
    default_role: Role
    areal: bool
    """Polygons are zones by themselves; points and lines have no extent without an influence distance."""
    tiles: bool
    """Its features tile the land, so that their union may be stated as the coverage."""
    restricted_by_default: bool
    """Kept off public maps and exports unless the user says otherwise."""
    no_extent_m: float
    """The least distance within which a feature without extent keeps the layer from ``clear``, metres."""
    default_theme: Callable[[str, Sequence[Feature]], str]
    """(layer name, features) -> theme within which coverages are pooled."""
    interpret_feature: Callable[[FieldView, int, LayerContext], Standing]
    """(record, dimension of its geometry: 2, 1, 0, or -1 without one, layer) -> standing."""
    own_fields: tuple[str, ...] = ()
    """Meanings of ``layers/fields.toml`` whose words every feature of the kind carries."""
    link: (
        Callable[
            [Sequence[Feature], Sequence[Standing], NDArray[np.object_], LayerContext],
            Mapping[int, Mapping[str, Any]],
        ]
        | None
    ) = None
    """Relations between rows: row -> fields of ``Feature`` to set."""


@dataclass(frozen=True, kw_only=True)
class Interpretation:
    """The features of a layer with their fields understood, and everything that was not."""

    features: tuple[Feature, ...]
    role: Role
    problems: tuple[FieldProblem, ...] = ()
    class_counts: dict[str, int] = field(default_factory=dict)
    """Features by class code, in order of the codes."""


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What the columns of one meaning say together."""

    value: str | None
    """The strictest of what was understood; None if nothing was."""
    label: str | None
    """The file's own word."""
    stated: bool
    """A column that was not blank and is named for this meaning speaks of it."""
    understood: bool
    """Every such column was understood; False for blank ones."""
    conflict: bool
    """They were understood and differ."""
    column: str


def settle(
    view: FieldView,
    meaning: str,
    parse: Callable[[str], str | None],
    *,
    order: Sequence[str],
    hints: Sequence[str] = (),
) -> Settled | None:
    """
    Read a class out of every column that speaks of it, the strictest first.

    The columns that the kind itself names decide (all columns of the meaning if there is none); further
    columns and ``hints`` (remarks, subtypes) are heard only where they are understood: they can make the
    class stricter, never milder, and stand in where the file has no column of the meaning at all.

    Parameters
    ----------
    view
        The record.
    meaning
        Which columns are asked.
    parse
        Folded word -> one of ``order``, or None if not understood.
    order
        The values, the strictest first.
    hints
        Meanings whose columns may speak of it too.

    Returns
    -------
    settled
        None if no column of the meaning exists and no hint is understood.
    """
    cells = view.cells(meaning)
    first = [cell for cell in cells if cell.specific] or cells
    said: list[tuple[str, str | None]] = []
    for cell in first:
        text = text_of(cell.value)
        if text is not None:
            said.append((text, None if isinstance(cell.value, bool) else parse(fold(text))))
    heard = []
    for cell in [c for c in cells if c not in first] + [c for hint in hints for c in view.cells(hint)]:
        text = text_of(cell.value)
        value = None if text is None else parse(fold(text))
        if text is not None and value is not None:
            heard.append((text, value))
    if not first and not heard:
        return None
    understood = [value for _, value in said if value is not None]
    if not first:
        said = [(text, value) for text, value in heard]
        understood = [value for _, value in heard]
    elif heard:
        # what stands beside the class column counts only where it is stricter
        top = min(order.index(value) for value in understood) if understood else len(order)
        understood += [value for _, value in heard if order.index(value) < top]
    found = min(understood, key=order.index) if understood else None
    label = next((text for text, value in said if value == found), said[0][0] if said else None)
    return Settled(
        value=found,
        label=label,
        stated=bool(said),
        understood=bool(said) and all(value is not None for _, value in said),
        conflict=len(set(understood)) > 1,
        column=first[0].column if first else "",
    )
