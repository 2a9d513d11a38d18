"""A change notice: what was said of a site, what is said now, and because of which change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from screening.register.comparison import meeting
from screening.register.documents import brief, layer_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from screening.register.changes import Change

__all__ = ["Notice", "notice_of"]


@dataclass(frozen=True, kw_only=True)
class Notice:
    """
    What changed for one site.

    Attributes
    ----------
    site, name
        Its number in the register and its name.
    as_of
        Dates of the check before and after.
    before, after
        The answer in short (`screening.register.documents.brief`).
    because
        JSON of the changes that it comes from; empty only where it comes from none that is known.
    """

    site: int
    name: str | None
    as_of: tuple[str, str]
    before: dict[str, Any]
    after: dict[str, Any]
    because: tuple[dict[str, Any], ...]

    @property
    def answer_changed(self) -> bool:
        """Whether an answer changed, overall or of a kind; else only what stands beside it (areas, distances)."""
        return bool(self.before["answer"] != self.after["answer"] or self.before["kinds"] != self.after["kinds"])

    def to_dict(self) -> dict[str, Any]:
        """JSON of the notice."""
        return {
            "site": self.site,
            "name": self.name,
            "as_of": {"before": self.as_of[0], "after": self.as_of[1]},
            "answer_changed": self.answer_changed,
            "before": self.before,
            "after": self.after,
            "because": list(self.because),
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Notice:
        """The notice of a document that `to_dict` wrote."""
        return cls(
            site=document["site"],
            name=document["name"],
            as_of=(document["as_of"]["before"], document["as_of"]["after"]),
            before=document["before"],
            after=document["after"],
            because=tuple(document["because"]),
        )


def notice_of(
    *,
    site: int,
    name: str | None,
    as_of: tuple[str, str],
    own: tuple[dict[str, Any], dict[str, Any]],
    changes: Sequence[Change],
    windows: tuple[NDArray[np.float64], NDArray[np.float64]],
    layers: tuple[Sequence[str], Sequence[str]],
) -> Notice:
    """
    The notice of a site whose document changed.

    Parameters
    ----------
    site, name, as_of
        As in `Notice`.
    own
        The own parts of its document before and after.
    changes
        All differences between the two states.
    windows, layers
        Before and after: the site's windows (layers, 2, 4) and the names of their layers.
    """
    names = {f["layer"] for part in own for f in [*part["findings"], *part["context"]]} | {c.layer for c in changes}
    parts = {n: (layer_part(own[0], n), layer_part(own[1], n)) for n in names if n is not None}
    differing = {n for n, (one, other) in parts.items() if one != other}
    near = [change for change in changes if _is_near(change, windows, layers)]
    because = []
    for layer in sorted(differing):
        mine = [change for change in near if change.layer == layer]
        listed = _listed(parts[layer][0]) | _listed(parts[layer][1])
        direct = [change for change in mine if change.ids & listed]
        because += [c for c in mine if c in direct or not c.ids] if direct else mine
    because += [change for change in near if change.layer is None or change.layer not in parts]
    turned = _turned_kinds(own)  # through a layer that says the same of the site, by the coverage that it lends
    because += [c for c in near if c.layer in parts and c.layer not in differing and not c.ids and c.kind in turned]
    because = because or near
    return Notice(
        site=site,
        name=name,
        as_of=as_of,
        before=brief(own[0]),
        after=brief(own[1]),
        because=tuple(change.to_dict() for change in because),
    )


def _turned_kinds(own: tuple[dict[str, Any], dict[str, Any]]) -> frozenset[str]:
    """Kinds whose answer changed, of the whole site or of a part."""
    sides = [[part["kinds"], *(p["answers"] for p in part["parts"])] for part in own]
    pairs = zip(*sides, strict=False)
    return frozenset(k for one, other in pairs for k in one.keys() | other.keys() if one.get(k) != other.get(k))


def _is_near(
    change: Change,
    windows: tuple[NDArray[np.float64], NDArray[np.float64]],
    layers: tuple[Sequence[str], Sequence[str]],
) -> bool:
    if change.box is None:
        return True
    which = 1 if change.code.startswith("coverage") else 0
    for own, names in zip(windows, layers, strict=True):
        if change.layer in names:
            window = own[names.index(change.layer), which]
            if np.isfinite(change.box).all() and meeting(window[None], change.box[None])[0]:
                return True
    return False


def _listed(part: dict[str, Any]) -> frozenset[str]:
    """Ids of the features that a document names for a layer."""
    features = [f["id"] for one in [*part["findings"], *part["context"]] for f in one["features"]]
    reasons = [r["feature"] for finding in part["findings"] for r in finding["reasons"] if "feature" in r]
    return frozenset([*features, *reasons])
