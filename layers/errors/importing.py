"""Errors of what keeps a file from becoming a layer."""

from __future__ import annotations

from layers.errors.base import LayerError

__all__ = [
    "CoverageError",
    "EmptyLayerError",
    "ExpectationError",
    "FieldAliasError",
    "ImportOptionError",
    "ImportRefusedError",
    "RoleError",
]


class ImportRefusedError(LayerError):
    """Base of what keeps a file from becoming a layer; ``detail`` says what, ``remedy`` what to do."""

    def __init__(self, *, detail: str, remedy: str) -> None:
        super().__init__(f"{detail}; {remedy}")
        self.detail = detail
        self.remedy = remedy


class CoverageError(ImportRefusedError, ValueError):
    """The coverage stated at import cannot be one."""


class EmptyLayerError(ImportRefusedError, ValueError):
    """The file holds no feature, and no authority was named that declares there is none."""


class ExpectationError(ImportRefusedError, ValueError):
    """Number or area of the features is not what the user expects of the file."""


class ImportOptionError(ImportRefusedError, ValueError):
    """Options of an import that contradict each other or the kind."""


class FieldAliasError(LayerError, ValueError):
    """A user's file of field names cannot be used; ``table`` is the meaning at fault (None: the whole file)."""

    def __init__(self, *, path: object, table: str | None, detail: str) -> None:
        where = f"{path}" if table is None else f"{path}, [{table}]"
        super().__init__(f"{where}: {detail}; its shape is that of layers/fields.toml")
        self.path = path
        self.table = table
        self.detail = detail


class RoleError(LayerError, ValueError):
    """A layer of kind ``other`` needs a role; every other kind has its own."""

    def __init__(self, *, kind: str, role: str | None) -> None:
        if role is None:
            remedy = "say whether it is protective or context"
        else:
            remedy = f"it cannot be given ({role}); only a layer of kind other is given one"
        super().__init__(f"role of a layer of kind {kind}: {remedy}")
        self.kind = kind
        self.role = role
