"""A saved result as it is handed over: asked again of the workspace first, so that what goes out is what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shapely.errors import ShapelyError

from maps.delivery.cards import LANGUAGES
from maps.delivery.model import CardLine, Delivery, apart, sheets_of
from maps.errors import DeliverySourceError, ResultChangedError
from screening.certificate.certificate import FORMAT, Certificate
from screening.certificate.replay import NamedVersions, named_versions, replayed
from screening.errors import CertificateDamagedError
from screening.export_tables import (
    features_table,
    findings_table,
    layers_table,
    marks_of,
    overlaps_table,
    parts_table,
    site_table,
)
from screening.inquiry import Inquiry
from screening.screen import screen
from screening.words import has_word, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from layers.workspace.store import WorkspaceStore
    from maps.delivery.model import Sheet
    from screening.site import Site
    from screening.verdict import Verdict
    from screening.words import Language
    from spatial.writing.model import Note, Table

__all__ = ["SavedResult", "result_delivery"]

MAX_BYTES = 256 * 1024 * 1024
_ASKED = (
    *("answer", "in_priority_zone", "in_priority_unit", "in_red_line", "in_protected_area"),
    *("in_water_source_zone", "kinds"),
)
_OF_FINDING = ("answer", "reason", "version", "overlap_m2", "overlap_length_m")
_ROUNDED = 0.011  # two decimals, and a last bit


class SavedResult:
    """
    A result that ``sanxian check`` left: its certificate, or its JSON.

    Parameters
    ----------
    data
        The bytes of the file.
    source
        Its name, for errors.

    Raises
    ------
    DeliverySourceError
        If it is neither, or its certificate is damaged.
    """

    def __init__(self, data: bytes, *, source: str) -> None:
        self.source = source
        self.certificate: Certificate | None = None
        document = _parsed(data, source)
        if document.get("format") == FORMAT:
            try:
                self.certificate = Certificate.from_bytes(data)
            except CertificateDamagedError as trouble:
                raise DeliverySourceError(
                    source=source,
                    why=f"the certificate is damaged ({trouble.code})",
                    remedy="run `sanxian verify` on it, and check the site again",
                ) from trouble
            self.inquiry: Inquiry | None = _inquiry(self.certificate.body["inquiry"], source)
            self.result: Mapping[str, Any] = self.certificate.body["result"]
        else:
            asked = document.get("inquiry")
            self.inquiry = None if asked is None else _inquiry(asked, source)
            self.result = document
        if not _is_result(self.result):
            raise DeliverySourceError(
                source=source,
                why="it is neither the JSON nor the certificate of a check",
                remedy="give the file that `sanxian check --json` or `--certificate` wrote",
            )

    @property
    def needs_site(self) -> bool:
        """Whether the site must be named: a certificate and the JSON of a check hold it, that of an API may not."""
        return self.inquiry is None

    @property
    def scope(self) -> str:
        """Point, line, polygon or mixed."""
        return str(self.result["site"]["scope"])

    @property
    def crs(self) -> str | None:
        """The CRS the site came in, where it has a code."""
        code = str(self.result["site"].get("crs") or "")
        return code if code.upper().startswith("EPSG:") else None


def _parsed(data: bytes, source: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise DeliverySourceError(source=source, why="it is too large for a result", remedy="give another file")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as trouble:
        raise DeliverySourceError(
            source=source,
            why=f"it is no JSON ({str(trouble)[:120]})",
            remedy="give the file that `sanxian check --json` or `--certificate` wrote, or a workspace",
        ) from trouble
    return document if isinstance(document, dict) else {}


def _inquiry(document: dict[str, Any], source: str) -> Inquiry:
    try:
        return Inquiry.from_dict(document)
    except (KeyError, TypeError, ValueError, AttributeError, ShapelyError) as trouble:
        raise DeliverySourceError(
            source=source, why=f"its inquiry cannot be read ({trouble!r})", remedy="check the site again"
        ) from trouble


def _is_result(document: Mapping[str, Any]) -> bool:
    try:
        rows = [*document["findings"], *document["layers"]]
        return (
            isinstance(document["answer"], str)
            and isinstance(document["as_of"], str)
            and isinstance(document["kinds"], dict)
            and isinstance(document["site"]["scope"], str)
            and all(isinstance(row, dict) for row in rows)
            and all("answer" in row and "kind" in row for row in document["findings"])
            and all(isinstance(row["name"], str) for row in document["layers"])
        )
    except (KeyError, TypeError):
        return False


def result_delivery(
    saved: SavedResult, store: WorkspaceStore, *, site: Site | None = None, language: Language = "zh"
) -> Delivery:
    """
    A saved result as a delivery: the site with its answer, the parts that overlap, every finding.

    The question is asked again of the versions that the result names; what goes out is what was answered now, and only
    if it is what the file says.

    Parameters
    ----------
    saved
        The file.
    store
        The workspace it was made with, or another that holds the same layers.
    site
        The site, where the file does not hold it (`SavedResult.needs_site`); with the JSON of a check it takes the
        place of the one in it.
    language
        Of the words beside codes.

    Returns
    -------
    delivery
        Sheets ``site`` and one a kind of overlap; tables of findings, features, layers and parts.

    Raises
    ------
    DeliverySourceError
        If the site is needed and not given.
    ResultChangedError
        If the workspace gives another answer, or the site is not that of the result.
    """
    inquiry = saved.inquiry
    if site is not None and saved.certificate is None:
        inquiry = Inquiry(site=_as_checked(site, saved.result), as_of=str(saved.result["as_of"]))
    if inquiry is None:
        raise DeliverySourceError(
            source=saved.source,
            why="this JSON does not hold the site",
            remedy="name it with --site, or check again: `sanxian check --json` and `--certificate` keep it",
        )
    if saved.certificate is None:
        versions = _versions_of(saved.result, store)
    else:
        versions = named_versions(saved.certificate, store)
    verdict = screen(inquiry.site, replayed(store, versions), as_of=inquiry.as_of, stability=inquiry.stability)
    now = verdict.to_dict()
    _require_same(saved, now)
    result = now if saved.certificate is not None else {**saved.result, "site": now["site"], "layers": now["layers"]}
    return _delivery(result, verdict, language)


def _as_checked(site: Site, result: Mapping[str, Any]) -> Site:
    """The site with the accuracy and radius that the result says, whatever its file would give."""
    facts = result["site"]
    metres, radius = facts.get("accuracy_m"), facts.get("radius_m")
    accuracy = site.accuracy
    if isinstance(metres, int | float) and abs(metres - accuracy.metres) > 1e-3:
        accuracy = replace(accuracy, metres=float(metres))
    given = float(radius) if isinstance(radius, int | float) else site.radius_m
    return replace(site, accuracy=accuracy, radius_m=given, name=facts.get("name") or site.name)


def _versions_of(result: Mapping[str, Any], store: WorkspaceStore) -> NamedVersions:
    """The versions of the workspace without those that came after the ones a result names."""
    named = {row["name"]: row.get("version") for row in result["layers"]}
    said = {*named, *(finding.get("layer") for finding in result["findings"])}
    last = {e.layer: e.sequence for e in store.entries if named.get(e.layer) == e.version}
    later = tuple(e for e in store.entries if e.layer not in said or e.sequence > last.get(e.layer, e.sequence))
    return NamedVersions(entries=tuple(e for e in store.entries if e not in later), later=later)


def _require_same(saved: SavedResult, now: Mapping[str, Any]) -> None:
    was = saved.result
    for key in ("area_m2", "length_m"):
        _same(saved.source, f"site.{key}", was["site"].get(key), now["site"].get(key))
    for key in _ASKED:
        _same(saved.source, key, was.get(key), now.get(key))
    findings = [_by_layer(document["findings"]) for document in (was, now)]
    for name in sorted({*findings[0], *findings[1]}):
        one, two = findings[0].get(name), findings[1].get(name)
        where = f"findings[{name[0] or name[1]}]"
        if one is None or two is None:
            raise ResultChangedError(
                source=saved.source, at=where, was=one and one["answer"], now=two and two["answer"]
            )
        for key in _OF_FINDING:
            if key in one:
                _same(saved.source, f"{where}.{key}", one[key], two.get(key))


def _by_layer(findings: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(str(f.get("layer") or ""), str(f["kind"])): f for f in findings}


def _same(source: str, at: str, was: object, now: object) -> None:
    if isinstance(was, int | float) and isinstance(now, int | float) and abs(was - now) <= _ROUNDED:
        return
    if was != now:
        raise ResultChangedError(source=source, at=at, was=was, now=now)


def _delivery(result: Mapping[str, Any], verdict: Verdict, language: Language) -> Delivery:
    marks = marks_of(result["layers"])
    notes: list[Note] = []
    sheets: list[Sheet] = []
    own = site_table(result, verdict.geometry, zbx="EPSG:4490", language=language, marks=marks)
    made, said = sheets_of(
        replace(own, name=word("delivery.site", language)),
        kind="site",
        class_field="ANSWER",
        label_field="XMMC",
        id_field="XMMC",
        marks=marks,
    )
    sheets += made
    notes += said
    pieces, _ = overlaps_table(result, verdict.overlaps, zbx="EPSG:4490", language=language)
    for kind in dict.fromkeys(piece.kind for piece in verdict.overlaps):
        rows = [at for at, piece in enumerate(verdict.overlaps) if piece.kind == kind]
        named = {piece.layer for piece in verdict.overlaps if piece.kind == kind}
        made, said = sheets_of(
            _rows(pieces, rows, title=word("delivery.overlap", language, kind=_kind_words(kind, language))),
            kind=kind,
            class_field="CLASS",
            label_field="NAME",
            id_field="FEATURE_ID",
            marks=marks_of([card for card in result["layers"] if card["name"] in named]),
        )
        sheets += made
        notes += said
    tables = [
        findings_table(result, language=language),
        features_table(result, language=language),
        layers_table(result),
        parts_table(result),
    ]
    return Delivery(
        title=str(result["site"].get("name") or word("delivery.site", language)),
        as_of=str(result["as_of"]),
        sheets=apart(sheets),
        tables=tuple(tables),
        cards=tuple(_card_line(card) for card in result["layers"]),
        statements=tuple(_statements(result)),
        marks=marks,
        notes=tuple(notes),
        language=language,
    )


def _kind_words(kind: str, language: Language) -> str:
    return word(f"kind.{kind}", language) if has_word(f"kind.{kind}") else kind


def _rows(table: Table, rows: Sequence[int], *, title: str) -> Table:
    assert table.geometries is not None
    return replace(
        table,
        name=title,
        rows=tuple(table.rows[at] for at in rows),
        geometries=tuple(table.geometries[at] for at in rows),
    )


def _statements(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The answer, and every kind that nobody can say anything about, before anything else."""
    said = {language: word(f"answer.{result['answer']}", language) for language in LANGUAGES}
    lines = [
        (word("delivery.of_result", "zh"), word("delivery.of_result", "en")),
        (word("delivery.answer", "zh", value=said["zh"]), word("delivery.answer", "en", value=said["en"])),
    ]
    for answer in ("hit", "uncertain", "unknown"):
        kinds = [kind for kind, found in result["kinds"].items() if found == answer]
        if kinds:
            words = {language: [_kind_words(kind, language) for kind in kinds] for language in LANGUAGES}
            lines.append(
                (
                    f"{word(f'answer.{answer}', 'zh')}：{'、'.join(words['zh'])}",
                    f"{word(f'answer.{answer}', 'en')}: {', '.join(words['en'])}",
                )
            )
    return lines


def _card_line(card: Mapping[str, Any]) -> CardLine:
    marks = marks_of([card])

    def fact(code: str, **facts: object) -> tuple[str, str]:
        return word(f"delivery.{code}", "zh", **facts), word(f"delivery.{code}", "en", **facts)

    facts = [
        *([(marks.text("zh"), marks.text("en"))] if marks.text("zh") else []),
        fact("version", value=card.get("version"), features=card.get("features")),
        fact("source", value=card.get("source") or "-"),
        fact("data_date", value=card.get("data_date") or "-"),
        fact("digest", value=card.get("content_digest")),
    ]
    return CardLine(name=str(card["name"]), facts=tuple(facts))
