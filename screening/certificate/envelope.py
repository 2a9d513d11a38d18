"""
The envelope of a certificate: who vouches for it, signed with an Ed25519 key, outside the canonical bytes.

A hash proves the computation, not authority: the envelope says who made it, where each layer is from, and which office
can confirm it; a signature says that the holder of a key stands by that.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from screening.certificate.canonical import canonical, plain, sha256_of
from screening.certificate.comparison import Difference
from screening.errors import EnvelopeError, KeyFileError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from screening.certificate.certificate import Certificate

__all__ = ["ENVELOPE_FIELDS", "Envelope", "checked_envelope", "new_key", "read_envelope", "read_public_key"]

PURPOSE = "sanxian certificate envelope 1"
ENVELOPE_FIELDS = ("operator", "unit", "time")
LAYER_FIELDS = ("name", "supplier", "document")
OFFICE_FIELDS = ("name", "reply")
_TABLES = (("layer", LAYER_FIELDS), ("office", OFFICE_FIELDS))


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """
    What is said of a certificate by those who made it, and the key that signs it.

    Attributes
    ----------
    fields
        ``operator``, ``unit``, ``time``; ``layer``: a list of ``name``, ``supplier``, ``document`` (its number);
        ``office``: a list of ``name`` (who can confirm) and ``reply``. All are the user's own words.
    key
        Private key; None: nothing is signed, and the envelope only carries a digest.
    """

    fields: dict[str, Any]
    key: Ed25519PrivateKey | None = field(default=None, repr=False)

    def sealed(self, certificate: Certificate) -> dict[str, Any]:
        """The envelope as it stands in the file: over the certificate's digests and its own fields."""
        public = None
        if self.key is not None:
            public = _raw(self.key.public_key()).hex()
        statement = _statement(certificate, self.fields, public)
        return {
            "fields": self.fields,
            "public_key": public,
            "statement_sha256": hashlib.sha256(statement).hexdigest(),
            "signature": None if self.key is None else self.key.sign(statement).hex(),
        }


def read_envelope(fields: Path | None, *, key: Path | None = None, layers: tuple[str, ...] | None = None) -> Envelope:
    """
    The envelope of a TOML file, to be signed with a private key where one is given.

    Parameters
    ----------
    fields
        The TOML file; None for a bare signature.
    key
        PEM (PKCS 8, without a password) of an Ed25519 key.
    layers
        The layers of the certificate, where they are to be checked: an envelope may name no other.

    Raises
    ------
    EnvelopeError
        If it is no TOML or holds what an envelope does not.
    KeyFileError
        If the key cannot be used.
    """
    read = {} if fields is None else _fields(fields)
    if layers is not None and fields is not None:
        for row in read.get("layer", []):
            if row["name"] not in layers:
                raise EnvelopeError(file=fields.name, detail=f"layer {row['name']!r} is not in the certificate")
    return Envelope(fields=read, key=None if key is None else _private_key(key))


def _fields(path: Path) -> dict[str, Any]:
    try:
        read = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError) as trouble:
        raise EnvelopeError(file=path.name, detail=f"no TOML in UTF-8 ({trouble})") from None
    found: dict[str, Any] = {}
    for name, value in read.items():
        allowed = dict(_TABLES).get(name)
        if allowed is not None:
            found[name] = _rows(path, name, value, allowed)
        elif name in ENVELOPE_FIELDS:
            found[name] = _text(path, name, value)
        else:
            raise EnvelopeError(file=path.name, detail=f"an envelope has no field {name!r}")
    return plain(found)  # type: ignore[no-any-return]


def _rows(path: Path, table: str, value: Any, allowed: tuple[str, ...]) -> list[dict[str, str]]:
    rows = value if isinstance(value, list) else [value]
    found = []
    for row in rows:
        if not isinstance(row, dict) or "name" not in row or not {*row} <= {*allowed}:
            raise EnvelopeError(file=path.name, detail=f"[[{table}]] has name and may have {', '.join(allowed[1:])}")
        found.append({key: _text(path, f"{table}.{key}", item) for key, item in row.items()})
    return found


def _text(path: Path, name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if hasattr(value, "isoformat"):  # TOML's own dates and times
        return str(value.isoformat())
    raise EnvelopeError(file=path.name, detail=f"{name} is to be text")


def checked_envelope(
    certificate: Certificate, *, public_key: bytes | None = None
) -> tuple[tuple[Difference, ...], str | None]:
    """
    What is wrong with the envelope of a certificate, and the fingerprint of the key whose signature holds.

    Parameters
    ----------
    certificate
        As read.
    public_key
        32 raw bytes of the key that must have signed it; None: any key.
    """
    envelope = certificate.envelope
    if envelope is None:
        return ((Difference(code="envelope_unsigned"),) if public_key is not None else ()), None
    if {*envelope} != {"fields", "public_key", "statement_sha256", "signature"} or not isinstance(
        envelope["fields"], dict
    ):
        return (Difference(code="envelope_digest", at="envelope"),), None
    public, signature = envelope["public_key"], envelope["signature"]
    statement = _statement(certificate, envelope["fields"], public)
    if hashlib.sha256(statement).hexdigest() != envelope["statement_sha256"]:
        return (Difference(code="envelope_digest", at="envelope.fields"),), None
    if public is None or signature is None:
        if public is not signature:
            return (Difference(code="envelope_signature", at="envelope.signature"),), None
        return ((Difference(code="envelope_unsigned"),) if public_key is not None else ()), None
    if not _holds(public, signature, statement):
        return (Difference(code="envelope_signature", at="envelope.signature"),), None
    fingerprint = hashlib.sha256(bytes.fromhex(public)).hexdigest()
    if public_key is not None and public_key.hex() != public:
        wanted = hashlib.sha256(public_key).hexdigest()
        return (Difference(code="envelope_other_key", was=wanted, now=fingerprint),), fingerprint
    return (), fingerprint


def _holds(public: Any, signature: Any, statement: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        if any(bytes.fromhex(text).hex() != text for text in (public, signature)):
            return False  # capitals, blanks: the same bytes in another spelling are not what was written
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), statement)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _statement(certificate: Certificate, fields: Mapping[str, Any], public: Any) -> bytes:
    return canonical(
        {
            "purpose": PURPOSE,
            "certificate_sha256": certificate.sha256,
            "observed_sha256": certificate.observed_sha256,
            "fields_sha256": sha256_of(fields),
            "public_key": public,
        }
    )


def new_key() -> tuple[bytes, bytes]:
    """
    A new pair of Ed25519 keys as PEM: the private one (PKCS 8, no password), and the public one.

    Examples
    --------
    >>> private, public = new_key()
    >>> private.splitlines()[0], public.splitlines()[0]
    (b'-----BEGIN PRIVATE KEY-----', b'-----BEGIN PUBLIC KEY-----')
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)


def read_public_key(path: Path) -> bytes:
    """
    The 32 raw bytes of a public key in PEM.

    Raises
    ------
    KeyFileError
        If it is none of Ed25519.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as trouble:
        raise KeyFileError(file=path.name, detail=f"no public key in PEM ({trouble})") from None
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFileError(file=path.name, detail="a public key, but not of Ed25519")
    return _raw(key)


def _private_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as trouble:
        raise KeyFileError(file=path.name, detail=f"no private key in PEM without a password ({trouble})") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(file=path.name, detail="a private key, but not of Ed25519")
    return key


def _raw(key: Ed25519PublicKey) -> bytes:
    from cryptography.hazmat.primitives import serialization

    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
