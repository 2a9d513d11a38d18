"""
Make a folium page that opens with no network: every script, style and image is a locked copy inside it.

folium names its scripts by address and its default page is blank without a network. ``inline`` puts the copies that
``maps/build_assets.py`` brought in their place, forbids by a content security policy everything that is not in the
page, and refuses a page that would still load something.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

from maps.build_assets import DEFAULT_TARGET, MANIFEST
from maps.errors import AssetDamagedError, AssetsMissingError, UnlockedResourceError

__all__ = ["Allowed", "LockedFile", "inline", "licences", "locked_files", "script_text"]

_SCRIPT = re.compile(r'<script src="([^"]*)"></script>')
_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]*)"\s*/?>')
_CSS_URL = re.compile(r"""url\(\s*(['"]?)([^'")]*)\1\s*\)""", re.IGNORECASE)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_LOADING = {"src", "srcset", "href", "xlink:href", "data", "poster", "action", "formaction", "background", "ping"}
_EXECUTED = {"", "text/javascript", "application/javascript", "module"}


@dataclass(frozen=True, kw_only=True)
class LockedFile:
    """One file the lock brought: what it is, the end of the address it stands for, and its checked bytes."""

    file: str
    package: str
    version: str
    role: str
    replaces: str | None
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """
    What the policy of a page allows beside its own scripts and styles.

    Attributes
    ----------
    scripts
        Texts that the page may insert and run later.
    assembly
        Whether WebAssembly may start.
    beside
        Whether scripts of the page may load scripts that lie beside it; one that stands in the markup never loads.
    images
        Further sources of images: ``blob:``, or whole origins.
    """

    scripts: tuple[str, ...] = ()
    assembly: bool = False
    beside: bool = False
    images: tuple[str, ...] = ()


@cache
def locked_files(folder: Path = DEFAULT_TARGET) -> tuple[LockedFile, ...]:
    """
    The files that pages may hold, each compared with its sha256.

    Parameters
    ----------
    folder
        Where ``build_assets.build`` put them.

    Raises
    ------
    AssetsMissingError
        If they were never built.
    AssetDamagedError
        If a file or the manifest is not what was built.
    """
    path = folder / MANIFEST
    try:
        entries = json.loads(path.read_bytes())["files"]
        found = []
        for entry in entries:
            if entry["role"] == "test":  # no page holds it, and no wheel
                continue
            path = folder / entry["file"]
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != entry["sha256"]:
                raise AssetDamagedError(path=path, why="its sha256 is not the one in the manifest")
            keys = ("file", "package", "version", "role", "replaces")
            found.append(LockedFile(content=content, **{key: entry[key] for key in keys}))
    except FileNotFoundError:
        raise AssetsMissingError(path=path) from None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, AssetDamagedError):
            raise
        raise AssetDamagedError(path=path, why=f"cannot be read ({type(error).__name__})") from error
    return tuple(found)


def inline(html: str, folder: Path = DEFAULT_TARGET, *, allowed: Allowed | None = None) -> str:
    r"""
    The same page with locked copies in it and nothing left to load.

    Use it on what folium rendered, last. Scripts and style sheets whose address ends as the lock names are replaced
    by their content; images of style sheets become data addresses; a content security policy lists the hash of every
    script, so that no other script runs and no request leaves the page.

    Parameters
    ----------
    html
        A whole page with one ``<head>``.
    folder
        Where the locked files are.
    allowed
        What the policy allows besides; by default nothing.

    Returns
    -------
    html
        The page, with line ends as ``\n`` (a browser hashes them so).

    Raises
    ------
    AssetsMissingError, AssetDamagedError
        If the locked files are not there or not whole.
    UnlockedResourceError
        If the page would load anything else.
    """
    files = locked_files(folder)
    html = _SCRIPT.sub(lambda found: _script(found[0], found[1], files), html)
    html = _STYLE.sub(lambda found: _style(found[0], found[1], files), html)
    html = html.replace("\r\n", "\n").replace("\r", "\n")
    page = _Page()
    page.feed(html)
    page.close()
    policies = _policies(page.script_hashes, allowed)
    metas = "".join(f'<meta http-equiv="Content-Security-Policy" content="{one}">\n' for one in policies)
    return html.replace("<head>\n", '<head>\n<meta charset="utf-8">\n' + metas, 1)


def _policies(hashes: list[str], allowed: Allowed | None) -> list[str]:
    """
    The policies of a page; what one of them forbids is forbidden.

    Beside a page from a file, a browser compares no script with a digest (it would have to be fetched with CORS). Two
    policies together are the strictest that work there: the first lets only scripts that run already load others, the
    second lets those come from beside the page alone.
    """
    more = allowed or Allowed()
    known = sorted({*hashes, *(_digest(text) for text in more.scripts)})
    sources = [f"'sha256-{digest}'" for digest in known] or ["'none'"]
    sources += ["'wasm-unsafe-eval'"] if more.assembly else []
    scripts = " ".join(sources)
    images = " ".join(("data:", *more.images))
    main = f"script-src {scripts}" + (" 'strict-dynamic'" if more.beside else "")
    # default-src forbids requests already; the pages that load on demand say so outright
    plain = "" if allowed is None else "connect-src 'none'; "
    rest = f"style-src 'unsafe-inline'; img-src {images}; {plain}base-uri 'none'; form-action 'none'"
    policies = [f"default-src 'none'; {main}; {rest}"]
    return policies + ([f"script-src {scripts} 'self'"] if more.beside else [])


def script_text(file: str, folder: Path = DEFAULT_TARGET) -> str:
    """
    The code of a locked script by its file, as it can stand in a page or be inserted into one.

    Raises
    ------
    AssetsMissingError, AssetDamagedError
        If it is not there, not whole or cannot stand in a page.
    """
    found = next((one for one in locked_files(folder) if one.file == file and one.role == "script"), None)
    if found is None:
        raise AssetsMissingError(path=folder / file)
    return _code(found)


def licences(folder: Path = DEFAULT_TARGET) -> str:
    """The licences of every locked package, one after the other, for pages that hold bundles of them."""
    found = [one for one in locked_files(folder) if one.role == "licence"]
    return "\n\n".join(f"{one.package} {one.version}\n{one.content.decode().strip()}" for one in found)


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _code(script: LockedFile) -> str:
    code = _SOURCE_MAP.sub("", script.content.decode()).strip().replace("\r\n", "\n")
    if "</script" in code.lower() or "<!--" in code:
        raise AssetDamagedError(path=Path(script.file), why="it cannot stand inside a page")
    return code


def _script(tag: str, url: str, files: tuple[LockedFile, ...]) -> str:
    found = _locked(url, "script", files)
    if found is None:
        return tag
    return f"<script>{_notice(found, files)}\n{_code(found)}\n</script>"


def _style(tag: str, url: str, files: tuple[LockedFile, ...]) -> str:
    found = _locked(url, "style", files)
    if found is None:
        return tag
    css = _CSS_URL.sub(lambda match: _image(match[2], found, files), found.content.decode())
    if "</style" in css.lower():
        raise AssetDamagedError(path=Path(found.file), why="it cannot stand inside a page")
    return f"<style>{css.strip()}\n</style>"


def _locked(url: str, role: str, files: tuple[LockedFile, ...]) -> LockedFile | None:
    for file in files:
        if file.role == role and file.replaces and url.endswith(file.replaces):
            return file
    return None


def _image(reference: str, style: LockedFile, files: tuple[LockedFile, ...]) -> str:
    """An image of a style sheet as a data address; a fragment stays."""
    if reference.startswith("#"):
        return f"url({reference})"
    wanted = str(PurePosixPath(style.file).parent / reference)
    for file in files:
        if file.role == "image" and file.file == wanted:
            return f"url(data:image/png;base64,{base64.b64encode(file.content).decode()})"
    raise UnlockedResourceError(resource=reference, where=style.file)


def _notice(script: LockedFile, files: tuple[LockedFile, ...]) -> str:
    """The licence that travels with a copy."""
    texts = [f.content.decode() for f in files if f.role == "licence" and f.package == script.package]
    text = "\n".join(texts).replace("*/", "* /").strip()
    return f"/*! {script.package} {script.version}\n{text}\n*/"


class _Page(HTMLParser):
    """Reads a page as a browser does; keeps the hash of each script and refuses whatever would load."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.script_hashes: list[str] = []
        self._inside: str | None = None
        self._executed = False
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            text = (value or "").strip()
            if name in _LOADING and not (tag != "script" and text.startswith(("#", "data:"))):
                raise UnlockedResourceError(resource=text, where=f"<{tag} {name}>")
            if name == "style":
                _refuse_css(text, f"<{tag} style>")
        if tag in {"iframe", "object", "embed", "frame", "base"}:
            raise UnlockedResourceError(resource=tag, where=f"<{tag}>")
        if tag in {"script", "style"}:
            self._inside, self._text = tag, []
            self._executed = (dict(attrs).get("type") or "").strip().lower() in _EXECUTED

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag != self._inside:
            return
        text = "".join(self._text)
        if tag == "style":
            _refuse_css(text, "<style>")
        elif self._executed:
            self.script_hashes.append(_digest(text))
        self._inside = None


def _refuse_css(css: str, where: str) -> None:
    if "@import" in css.lower():
        raise UnlockedResourceError(resource="@import", where=where)
    for match in _CSS_URL.finditer(css):
        if not match[2].startswith(("data:", "#")):
            raise UnlockedResourceError(resource=match[2], where=where)
