"""``sanxian verify``: a certificate is checked to the byte, asked again, and the two answers are compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from apps.cli.console import console_on, say, write_json
from apps.cli.errors import EXIT_DIFFERENT, CertificateFileError
from apps.cli.options import WORKSPACE, lang_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apps.cli.table import Page
    from layers.workspace.address import Place
    from screening.certificate import Comparison, Difference
    from screening.words import Language

__all__ = ["read_file", "verify"]

_LONGEST = 100


@click.command(
    short_help="复核存证 / verify a certificate",
    help=(
        "复核存证：文件是否完好，所载图层版本的每个文件是否完好，重新核查的结果是否一致；不一致的，指出图层、条款、版本或字节。"
        "没有图层的人，用 --features 可验证所用要素确在图层之中。\n\n"
        "Verify a certificate: whether the file is whole, whether every file of the layer versions it names is, and "
        "whether the same question gives the same result; what differs is named. --features proves the features used "
        "to somebody who does not have the layers.\n\n"
        "退出码 / exit status: 0 一致 identical; 1 不一致或已损坏 different or damaged; 2 用法 usage; "
        "3 输入未被接受 input rejected"
    ),
)
@click.argument("certificate", metavar="F.json", type=click.Path(path_type=Path))
@click.option("--workspace", "-w", metavar="WS", type=WORKSPACE, help="工作区 / the workspace")
@click.option(
    "--features",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="要素及其证明（sanxian prove 写出） / features with their proofs, as sanxian prove writes them",
)
@click.option(
    "--key",
    "key",
    metavar="PUB.pem",
    type=click.Path(path_type=Path),
    help="签名应出自这把公钥 / the public key that must have signed it",
)
@click.option("--json", "json_to", metavar="F|-", help="结果写成 JSON；- 为标准输出 / the outcome as JSON; - is stdout")
@lang_option
def verify(
    certificate: Path,
    *,
    workspace: Place | None,
    features: Path | None,
    key: Path | None,
    json_to: str | None,
    lang: Language,
) -> int:
    """``sanxian verify F.json``."""
    from apps.cli.outputs import write_text
    from apps.cli.table import Page
    from layers.workspace import open_workspace
    from screening.certificate import verify as verified
    from screening.certificate.envelope import read_public_key
    from screening.words import word

    if workspace is None and features is None and key is None:
        raise click.UsageError(
            "请给出 --workspace、--features 或 --key / give --workspace, --features or --key: what to check it against"
        )
    data = read_file(certificate)
    store = None if workspace is None else open_workspace(workspace)
    found = verified(
        data,
        store,
        features=None if features is None else read_file(features),
        public_key=None if key is None else read_public_key(key),
    )
    console = console_on(stderr=json_to == "-")
    _print(Page(console, lang), found, data, path=certificate, rerun=store is not None)
    if json_to == "-":
        write_json(found.to_dict())
    elif json_to is not None:
        text = json.dumps(found.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)
        say(console, word("cli.wrote_json", lang, path=write_text(Path(json_to), f"{text}\n")))
    return 0 if found.outcome == "identical" else EXIT_DIFFERENT


def read_file(path: Path) -> bytes:
    """
    The bytes of a file that the user names.

    Raises
    ------
    CertificateFileError
        If it is not there or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as trouble:
        raise CertificateFileError(path=path, detail=trouble.strerror or str(trouble)) from None


def _print(page: Page, found: Comparison, data: bytes, *, path: Path, rerun: bool) -> None:
    from screening.words import word

    def said(code: str, **facts: object) -> str:
        return word(f"certificate.{code}", page.language, **facts)

    page.title(f"{said('title')}{page.colon}{path}")
    outcome = said(found.outcome)
    same = found.answer is not None and found.answer == found.answer_now
    if found.outcome == "different" and same:
        outcome = f"{outcome}{page.pause}{said('same_answer')}"
    signature = said("signed", fingerprint=found.signed_by) if found.signed_by else said(_unsigned(data))
    rows = [(said("outcome"), outcome), (said("digest"), found.sha256 or "-")]
    if rerun:
        rows.append((said("rerun_digest"), found.rerun_sha256 or "-"))
    answers = (("answer_then", found.answer), *((("answer_again", found.answer_now),) if rerun else ()))
    for code, answer in answers:
        known = answer in {"hit", "uncertain", "unknown", "clear"}
        rows.append((said(code), word(f"answer.{answer}", page.language) if known else "-"))
    rows.append((said("signature"), signature))
    if found.features_proved is not None:
        rows.append((said("features"), said("features_proved", count=found.features_proved)))
    page.pairs(rows)
    if not rerun:
        page.line(said("not_rerun"), "dim")
    for heading, some in (("findings", found.differences), ("notes", found.notes)):
        if some:
            page.heading(said(heading))
            for one in some:
                page.line(f"- {_words(one, page.language)}")
    if found.outcome != "damaged":
        _print_envelope(page, data)
    page.line(said("meaning"), "dim")


def _unsigned(data: bytes) -> str:
    """Why no key is named: there is no signature, or it does not hold."""
    try:
        document = json.loads(data)
        return "signature_broken" if document["envelope"]["signature"] else "unsigned"
    except (ValueError, KeyError, TypeError):
        return "unsigned"


def _print_envelope(page: Page, data: bytes) -> None:
    from screening.words import word

    envelope = json.loads(data).get("envelope")
    if not envelope or not envelope["fields"]:
        return
    fields: Mapping[str, Any] = envelope["fields"]
    names = {
        code: word(f"certificate.{code}", page.language)
        for code in ("operator", "unit", "time", "layer", "supplier", "document", "office", "reply")
    }
    page.heading(word("certificate.envelope", page.language))
    rows = [(names[key], str(fields[key])) for key in ("operator", "unit", "time") if key in fields]
    for table, others in (("layer", ("supplier", "document")), ("office", ("reply",))):
        for row in fields.get(table, []):
            more = [f"{names[key]} {row[key]}" for key in others if key in row]
            rows.append((names[table], page.pause.join([str(row["name"]), *more])))
    page.pairs(rows)


def _words(one: Difference, language: Language) -> str:
    from screening.words import word

    facts = {"layer": one.layer, "version": one.version, "at": one.at, "was": one.was, "now": one.now}
    return word(f"certificate.{one.code}", language, **{key: _short(value) for key, value in facts.items()})


def _short(value: object) -> str:
    if value is None:
        return "-"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
