"""Names that people or files could bring, each with what it tries; whatever it is shown in must show it as text."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CANARY", "CORPUS", "EVERY", "FILE_NAMES", "TEXTS", "Hostile"]

CANARY = "__pwned"
"""The property of ``window`` that is there after any of them ran."""
_RUN = f"window.{CANARY}=1"


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """A name and what it tries."""

    text: str
    tries: str


def _one(tries: str, text: str) -> Hostile:
    return Hostile(text=text, tries=tries)


CORPUS: tuple[Hostile, ...] = (
    # markup
    _one("a script of its own", f"<script>{_RUN}</script>"),
    _one("end the script it stands in, begin another", f"</script><script>{_RUN}</script>"),
    _one("the same, in the case that a parser forgets", f"</ScRiPt ><SCRIPT>{_RUN}</SCRIPT>"),
    _one("a picture that fails", f"<img src=x onerror={_RUN}>"),
    _one("a drawing that loads", f"<svg/onload={_RUN}>"),
    _one("leave an attribute in double quotes", f'"><img src=x onerror={_RUN}>'),
    _one("leave an attribute in single quotes", f"'><img src=x onerror={_RUN}>"),
    _one("a further attribute", f'" autofocus tabindex=0 onfocus="{_RUN}" x="'),
    _one("a frame with a document", f"<iframe srcdoc='<script>parent.{CANARY}=1</script>'></iframe>"),
    _one("a link that runs", f'<a href="javascript:{_RUN}">x</a>'),
    _one("an address that runs", f"javascript:{_RUN}"),
    _one("an address that runs, broken by a tab", f"java\tscript:{_RUN}"),
    _one("leave title, textarea and style", f"</title></textarea></style><img src=x onerror={_RUN}>"),
    _one("leave a comment", f"--><img src=x onerror={_RUN}><!--"),
    _one("open a comment and a script within a script", "<!--<script>"),
    _one("leave a CDATA section", f"]]><img src=x onerror={_RUN}><![CDATA["),
    _one(
        "a mutation of a sanitiser",
        f"<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror={_RUN}>'>",
    ),
    _one("markup escaped once, for who decodes twice", f"&lt;img src=x onerror={_RUN}&gt;"),
    _one("markup as JSON escapes", f"\\u003cimg src=x onerror={_RUN}\\u003e"),
    _one("a page that moves away", "<meta http-equiv=refresh content='0;url=https://elsewhere.invalid/'>"),
    _one("all addresses elsewhere", "<base href='https://elsewhere.invalid/'>"),
    _one("a style sheet from elsewhere", "<style>@import 'https://elsewhere.invalid/a.css';*{display:none}</style>"),
    _one("a style that loads", "red;background:url(https://elsewhere.invalid/a.png)"),
    _one("a form that sends", "<form action='https://elsewhere.invalid/'><button autofocus>x</button></form>"),
    _one("an element that the page looks for", "<b id=map-document></b><b id=page></b>"),
    # templates and code
    _one("a template of the page's own words", "{name}{layer}{count}{0}{}"),
    _one("a template of Jinja", "{{7*7}}{%raw%}{% include 'x' %}{#"),
    _one("a template of JavaScript", f"${{{_RUN}}}"),
    _one("leave a template of JavaScript", f"`+({_RUN})+`"),
    _one("leave a string of JavaScript", f"'-({_RUN})-'"),
    _one("leave a string of JSON", f'"}}],"x":1}});{_RUN};//'),
    _one("a backslash that eats the quote", f'\\");{_RUN};//\\'),
    _one("a line end that JavaScript knew and JSON did not", f"a\u2028{_RUN}\u2029b"),
    _one("properties that every object has", "__proto__"),
    _one("another of them", "constructor"),
    _one("an expression of a style program", "[% $geometry %][%=1+1%]"),
    _one("a format of C and of a drawing program", "%s%n%%u{\\H99;x}\\P^J"),
    # tables
    _one("a formula", '=HYPERLINK("https://elsewhere.invalid/","x")'),
    _one("a formula that calls a program", "@SUM(1+1)*cmd|' /C calc'!A0"),
    _one("a formula after a sign", "+1+1"),
    _one("a formula after a tab", "\t=1+1"),
    _one("cells of its own", 'a,b","c;d\r\n=1+1'),
    # files and paths
    _one("a folder above", "../../../outside"),
    _one("a path of Windows", "C:\\Windows\\a:stream"),
    _one("a device of Windows", "CON"),
    # reading direction, control characters, what is not seen
    _one("the ending of another file", "年报\u202egpj.exe"),
    _one("order of words by an isolate", "\u2067三公里外\u2069 1 \u2068"),
    _one("a mark of direction", "\u200f(一级)\u200e\u061c"),
    _one("letters that read from the right", "שלום 12 (3)"),
    _one("a line of its own in a list", "红线\r\n结论：未命中\n\n* clear"),
    _one("an end of text and a bell", "甲\x00\x07\x1b[31m\x7f\x85乙"),
    _one("half a character", "甲\ud800乙"),
    _one("signs that are no characters", "甲\ufffe\uffff\U000e0041乙"),
    _one("more than a line holds", "长" * 3000),
)
TEXTS: tuple[str, ...] = tuple(one.text for one in CORPUS)
EVERY = " ".join(text for text in TEXTS if len(text) < 1000)
"""All but the longest in one."""
FILE_NAMES: tuple[str, ...] = (
    f"<img src=x onerror={_RUN}>",
    f"'-({_RUN})-'",
    "{name}{{7*7}}",
    f"`+({_RUN})+`",
    "年报\u202egpj.exe",
    "שלום 12",
    "\u200f(一级)\u2067x",
    f"&lt;img src=x onerror={_RUN}&gt;",
)
"""Those that are names of a file on Linux; what a disk refuses no page is given."""
