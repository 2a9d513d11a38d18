"""``sanxian convert``: a file in another format or coordinate system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from apps.cli.console import console_on, say
from apps.cli.options import DATE, datum_option, geometry_option, lang_option

if TYPE_CHECKING:
    from screening.words import Language
    from spatial.writing.model import Note
    from spatial.writing.text import Encoding

__all__ = ["FORMAT_KEYS", "convert"]

FORMAT_KEYS = (
    *("gpkg", "gdb", "parquet", "fgb", "geojson", "shp", "gml", "tab", "mif", "kml", "gpx", "dxf"),
    *("survey-txt", "csv", "xlsx", "csv-wkt"),
)
"""Those of ``spatial.conversion.FORMATS``, which is not loaded for a help text; a test holds the two together."""

_ROWS_SHOWN = 10


@click.command(
    short_help="换一种格式或坐标系 / a file in another format or CRS",
    help=(
        "把文件转换为另一种格式或坐标系；格式容不下的内容逐条说明。\n\n"
        "A file in another format or CRS. What the format cannot hold is listed, and what each keeps is in the docs."
    ),
)
@click.argument("file", metavar="IN")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(FORMAT_KEYS), help="格式，默认按扩展名 / format, by default by OUT's ending")
@click.option("--crs", metavar="CRS", help="写成的坐标系，默认不变 / CRS to write in, by default that of IN")
@click.option("--from-crs", metavar="CRS", help="IN 的坐标系；优先于文件所注 / CRS of IN; overrides what it says")
@datum_option
@geometry_option
@click.option("--layer", metavar="NAME", help="只转换这个图层 / only this layer")
@click.option("--encoding", type=click.Choice(["UTF-8", "GBK"]), help="文字编码 / encoding of text")
@click.option("--office", metavar="TEXT", default="", help="survey-txt：数据产生单位 / who made the data")
@click.option("--date", "dated", type=DATE, default=None, help="survey-txt：数据产生日期 / date of the data")
@click.option("--skip-unreadable", is_flag=True, help="略去无法读取的要素 / leave out features that cannot be read")
@lang_option
def convert(
    file: str,
    out: Path,
    *,
    to: str | None,
    crs: str | None,
    from_crs: str | None,
    datum: str | None,
    geometry: str | None,
    layer: str | None,
    encoding: Encoding | None,
    office: str,
    dated: str | None,
    skip_unreadable: bool,
    lang: Language,
) -> None:
    """``sanxian convert IN OUT --to FORMAT --crs CRS``."""
    from screening.words import word
    from spatial import conversion
    from spatial.reading import read
    from spatial.writing.survey_text import SurveyHeader

    if out.exists() and out.resolve() == Path(file).resolve():
        raise click.UsageError("OUT 与 IN 是同一个文件 / OUT is the file IN itself")
    reading = read(file, crs=from_crs, datum=datum, geometry=geometry, layer=layer)  # type: ignore[arg-type]
    written = conversion.convert(
        reading,
        out,
        to=to,
        crs=crs,
        encoding=encoding,
        skip_unreadable=skip_unreadable,
        header=SurveyHeader(office=office, dated=dated or ""),
    )
    console = console_on()
    for path in written.paths:
        say(console, f"{word('convert.written', lang)} {path}")
    if written.notes:
        say(console, word("convert.notes", lang), "bold")
        for note in written.notes:
            say(console, f"* {_words(note, lang)}", "yellow")
    elif conversion.format_of(out, to).is_lossless:
        say(console, word("convert.lossless", lang))


def _words(note: Note, language: Language) -> str:
    """What a note says, of which column and rows."""
    from screening.words import word

    text = note.zh if language == "zh" else note.en
    if note.field is not None:
        text = word("convert.field", language, field=note.field, text=text)
    if not note.rows:
        return text
    shown = ", ".join(map(str, note.rows[:_ROWS_SHOWN]))
    code = "convert.rows" if len(note.rows) <= _ROWS_SHOWN else "convert.rows_more"
    return word(code, language, text=text, rows=shown, count=len(note.rows))
