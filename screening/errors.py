"""
Errors of ``screening``.

* ScreeningError
  x SiteError
    + EmptySiteError      (also ValueError)
    + SiteOptionError     (also ValueError)
  x AsOfError             (also ValueError)
  x BatchJobError         (also ValueError)
  x BatchOutputError      (also ValueError)
  x EngineMissingError    (also ImportError)
  x EngineUnreachableError  (also ConnectionError)
  x FrameColumnsError     (also TypeError)
  x WorkersDifferError    (also RuntimeError)
  x ComparisonError       (also ValueError)
  x EvaluationRangeError  (also ValueError)
  x CertificateDamagedError  (also ValueError)
  x EnvelopeError         (also ValueError)
  x KeyFileError          (also ValueError)
  x NothingToAvoidError   (also ValueError)
  x SearchTooLargeError   (also ValueError)
  x RulesError
    + RulePackError       (also ValueError)
    + AccessListError     (also ValueError)
    + UnknownRuleWordError (also ValueError)
  x RegisterError
    + NoRegisterError
    + NoSuchSiteError       (also KeyError)
    + RegisterDamagedError
    + RegisterUnusableError (also OSError)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spatial.errors.base import rebuilt

if TYPE_CHECKING:
    from pathlib import Path

    from layers.workspace.address import Place

__all__ = [
    "AccessListError",
    "AsOfError",
    "BatchJobError",
    "BatchOutputError",
    "CertificateDamagedError",
    "ComparisonError",
    "EmptySiteError",
    "EngineMissingError",
    "EngineUnreachableError",
    "EnvelopeError",
    "EvaluationRangeError",
    "FrameColumnsError",
    "KeyFileError",
    "NoRegisterError",
    "NoSuchSiteError",
    "NothingToAvoidError",
    "RegisterDamagedError",
    "RegisterError",
    "RegisterUnusableError",
    "RulePackError",
    "RulesError",
    "ScreeningError",
    "SearchTooLargeError",
    "SiteError",
    "SiteOptionError",
    "UnknownRuleWordError",
    "WorkersDifferError",
]


class ScreeningError(Exception):
    """Base of every error that ``screening`` raises on wrong data."""

    def __reduce__(self) -> tuple[object, ...]:
        # worker processes hand errors back by pickle, which by itself knows positional arguments only
        return (rebuilt, (type(self), self.args, self.__dict__))


class SiteError(ScreeningError):
    """The site cannot be judged; ``source`` names where it came from."""

    def __init__(self, *, source: str, detail: str, remedy: str) -> None:
        super().__init__(f"{source}: {detail}; {remedy}")
        self.source = source
        self.detail = detail
        self.remedy = remedy


class EmptySiteError(SiteError, ValueError):
    """No part of the site could be read."""


class SiteOptionError(SiteError, ValueError):
    """An option does not fit the site (a radius for a parcel)."""


class AsOfError(ScreeningError, ValueError):
    """The date of the check is no ISO date."""

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no date; write it as 2026-11-22")
        self.text = text


class BatchJobError(ScreeningError, ValueError):
    """The file beside the output is not the job of this batch; ``path`` names it."""

    def __init__(self, *, path: Path, detail: str, remedy: str) -> None:
        super().__init__(f"{path.name}: {detail}; {remedy}")
        self.path = path
        self.detail = detail
        self.remedy = remedy


class BatchStoppedError(ScreeningError, RuntimeError):
    """A batch cannot go on now; what it has done is kept in its job, which ``path`` names."""

    def __init__(self, *, path: Path, detail: str, remedy: str) -> None:
        super().__init__(f"{path.name}: {detail}; {remedy}")
        self.path = path
        self.detail = detail
        self.remedy = remedy


class BatchOutputError(ScreeningError, ValueError):
    """A format cannot hold the rows of a batch; ``path`` names the output, ``most`` what it holds."""

    def __init__(self, *, path: Path, rows: int, most: int) -> None:
        remedy = "write .parquet, .gpkg or .csv instead" if rows else "the source holds no record at all"
        super().__init__(f"{path.name}: {rows} rows, and it holds {most} at most; {remedy}")
        self.path = path
        self.rows = rows
        self.most = most


class EngineMissingError(ScreeningError, ImportError):
    """What an engine of a batch needs is not installed; ``command`` installs it."""

    def __init__(self, *, engine: str, command: str) -> None:
        super().__init__(f"the engine {engine} is not installed here; {command}")
        self.engine = engine
        self.command = command


class EngineUnreachableError(ScreeningError, ConnectionError):
    """Nothing answers at the ``address`` of a scheduler or master, or nothing works for it."""

    def __init__(self, *, engine: str, address: str, detail: str, remedy: str) -> None:
        super().__init__(f"{engine} at {address}: {detail}; {remedy}")
        self.engine = engine
        self.address = address
        self.detail = detail
        self.remedy = remedy


class FrameColumnsError(ScreeningError, TypeError):
    """Columns of a frame of sites are missing or of another type; ``columns`` has name, type found and type meant."""

    def __init__(self, *, columns: tuple[tuple[str, str | None, str], ...]) -> None:
        told = "; ".join(f"{name} is {found or 'missing'}, not {meant}" for name, found, meant in columns)
        super().__init__(f"the frame is not one of sites: {told}; cast or rename the columns first")
        self.columns = columns


class WorkersDifferError(ScreeningError, RuntimeError):
    """Workers do not see the batch, its workspace or its program as it began; ``workers`` names them."""

    def __init__(self, *, workers: tuple[str, ...], detail: str, remedy: str) -> None:
        super().__init__(f"{', '.join(workers) or 'a worker'}: {detail}; {remedy}")
        self.workers = workers
        self.detail = detail
        self.remedy = remedy


class NothingToAvoidError(ScreeningError, ValueError):
    """A kind or layer that is to be avoided decides nothing in this workspace."""

    def __init__(self, *, chosen: str, available: tuple[str, ...]) -> None:
        there = ", ".join(available) or "none"
        super().__init__(f"{chosen!r} is no protective kind or layer of this workspace; there are: {there}")
        self.chosen = chosen
        self.available = available


class SearchTooLargeError(ScreeningError, ValueError):
    """The grid of a search has more places than are tried."""

    def __init__(self, *, places: int, limit: int) -> None:
        super().__init__(f"{places} places to try, at most {limit}; take a longer step or search less far")
        self.places = places
        self.limit = limit


class RulesError(ScreeningError):
    """Base of what is wrong with rule packs, access lists, or what is said of a project."""


class RulePackError(RulesError, ValueError):
    """A rule pack cannot be read; ``file`` and ``clause`` (None: the pack itself) say where."""

    def __init__(self, *, file: str, clause: str | None, detail: str, remedy: str) -> None:
        where = file if clause is None else f"{file}, clause {clause}"
        super().__init__(f"{where}: {detail}; {remedy}")
        self.file = file
        self.clause = clause
        self.detail = detail
        self.remedy = remedy


class AccessListError(RulesError, ValueError):
    """An access list cannot be read; ``file``, ``sheet`` and ``row`` (None: the sheet itself) say where."""

    def __init__(self, *, file: str, sheet: str | None, row: int | None, detail: str, remedy: str) -> None:
        where = ", ".join([file, *([f"sheet {sheet}"] if sheet else []), *([f"row {row}"] if row is not None else [])])
        super().__init__(f"{where}: {detail}; {remedy}")
        self.file = file
        self.sheet = sheet
        self.row = row
        self.detail = detail
        self.remedy = remedy


class UnknownRuleWordError(RulesError, ValueError):
    """An activity, industry, fact or clause that no list knows; ``near`` holds what may have been meant."""

    def __init__(self, *, what: str, text: str, near: tuple[str, ...], remedy: str) -> None:
        meant = f" (did you mean {', '.join(near)}?)" if near else ""
        super().__init__(f"{text!r} is no {what} known here{meant}; {remedy}")
        self.what = what
        self.text = text
        self.near = near
        self.remedy = remedy


class CertificateDamagedError(ScreeningError, ValueError):
    """A certificate is not what was written: ``code`` says how, ``at`` where; ``found`` is what could be read of it."""

    def __init__(self, *, code: str, at: str, found: object = None) -> None:
        super().__init__(f"the certificate is damaged ({code}: {at}); use a copy of the file as it was written")
        self.code = code
        self.at = at
        self.found = found


class EnvelopeError(ScreeningError, ValueError):
    """The envelope file cannot be used; ``file`` and ``detail`` say which and why."""

    def __init__(self, *, file: str, detail: str) -> None:
        super().__init__(f"{file}: {detail}; see docs/reference/certificate.md for what an envelope holds")
        self.file = file
        self.detail = detail


class KeyFileError(ScreeningError, ValueError):
    """A key file cannot be used; ``file`` and ``detail`` say which and why."""

    def __init__(self, *, file: str, detail: str) -> None:
        super().__init__(f"{file}: {detail}; make a pair of Ed25519 keys with: sanxian key FILE.pem")
        self.file = file
        self.detail = detail


class ComparisonError(ScreeningError, ValueError):
    """Alternatives that cannot be set side by side: fewer than two, or answers of different dates."""

    def __init__(self, *, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


class EvaluationRangeError(ScreeningError, ValueError):
    """A file of evaluation ranges cannot be understood; ``where`` names the file and the table."""

    def __init__(self, *, where: str, detail: str) -> None:
        super().__init__(f"{where}: {detail}; see data/rules/evaluation_ranges.toml for the form of such a file")
        self.where = where
        self.detail = detail


class RegisterError(ScreeningError):
    """The register of checked sites cannot be read or written; ``path`` names it."""

    def __init__(self, message: str, *, path: Place) -> None:
        super().__init__(message)
        self.path = path


class NoRegisterError(RegisterError):
    """The workspace has no register: no site was ever added."""

    def __init__(self, *, path: Place) -> None:
        super().__init__(f"{path}: no site was ever registered here; add one with: sanxian register add", path=path)


class NoSuchSiteError(RegisterError, KeyError):
    """The register has no site of this number."""

    def __init__(self, *, path: Place, site: int) -> None:
        super().__init__(f"{path}: there is no site {site}; see: sanxian register list", path=path)
        self.site = site

    __str__ = ScreeningError.__str__  # that of KeyError puts the line into quotes


class RegisterDamagedError(RegisterError):
    """The register is not what was written; it is never read as one with fewer sites."""

    def __init__(self, *, path: Place, detail: str) -> None:
        super().__init__(
            f"{path}: the register is damaged ({detail}); put back a copy of the file, or move the folder's register.* "
            "away and add the sites again",
            path=path,
        )
        self.detail = detail


class RegisterUnusableError(RegisterError, OSError):
    """The register cannot be read or written now: in use, the disk full or not to be written to."""

    def __init__(self, *, path: Place, detail: str) -> None:
        super().__init__(f"{path}: the register cannot be used now ({detail}); try again", path=path)
        self.detail = detail
