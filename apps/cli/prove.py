"""``sanxian prove`` and ``sanxian key``: the features an answer used, with proofs; and keys to sign with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from apps.cli.console import console_on, say
from apps.cli.errors import CertificateFileError, KeyExistsError
from apps.cli.options import lang_option, workspace_option

if TYPE_CHECKING:
    from layers.workspace.address import Place
    from screening.words import Language

__all__ = ["key", "prove"]


@click.command(
    short_help="所用要素及其证明 / the features used, with proofs",
    help=(
        "写出存证所用的要素（GeoJSON），每个附有它在图层之中的证明（Merkle 路径）。拿到它的人不必有图层，用 "
        "sanxian verify F.json --features 即可验证。文件含要素的全部字段和图形：内部使用的图层，只交给可以看的人。\n\n"
        "Write the features that a certificate used (GeoJSON), each with the proof that it is in its layer (a Merkle "
        "path). Whoever gets it needs no layer: sanxian verify F.json --features. It holds the features whole: of "
        "layers for internal use, hand it only to those who may see them."
    ),
)
@click.argument("certificate", metavar="F.json", type=click.Path(path_type=Path))
@workspace_option
@click.option(
    "--out", "out", required=True, metavar="FILE", type=click.Path(path_type=Path), help="写到何处 / where to write it"
)
@lang_option
def prove(certificate: Path, *, workspace: Place, out: Path, lang: Language) -> None:
    """``sanxian prove F.json``."""
    from apps.cli.verify import read_file
    from layers.workspace import open_workspace
    from screening.certificate import Certificate, features_document, write_features
    from screening.words import word

    document = features_document(Certificate.from_bytes(read_file(certificate)), open_workspace(workspace))
    write_features(document, out)
    say(console_on(), word("certificate.wrote_features", lang, path=out, count=len(document["features"])))


@click.command(
    short_help="新建签名用的密钥 / keys to sign with",
    help=(
        "新建一对 Ed25519 密钥：私钥写到 KEY.pem（没有口令，自己保管），公钥写到 KEY.pub.pem（可以交给别人）。\n\n"
        "Make a pair of Ed25519 keys: the private one goes to KEY.pem (without a password: keep it to yourself), the "
        "public one to KEY.pub.pem beside it, which may be handed out."
    ),
)
@click.argument("path", metavar="KEY.pem", type=click.Path(path_type=Path))
@lang_option
def key(path: Path, *, lang: Language) -> None:
    """``sanxian key KEY.pem``."""
    from screening.certificate.envelope import new_key, read_public_key
    from screening.words import word

    public_path = path.with_suffix(f".pub{path.suffix}")
    for one in (path, public_path):
        if one.exists():
            raise KeyExistsError(path=one)
    private, public = new_key()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(private)
        public_path.write_bytes(public)
    except OSError as trouble:
        raise CertificateFileError(path=path, detail=trouble.strerror or str(trouble)) from None
    fingerprint = hashlib.sha256(read_public_key(public_path)).hexdigest()
    say(console_on(), word("certificate.wrote_key", lang, path=path, public=public_path, fingerprint=fingerprint))
