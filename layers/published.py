"""The GeoPackages of a layer version that any QGIS or ArcGIS opens: features, rejected features, coverage.

Screening does not read them; it reads the checked index beside them.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from spatial.writing import Field, Table, write_geopackage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from layers.card import LayerCard, RejectedFeature
    from layers.coverage import Coverage
    from layers.model import Feature

__all__ = ["published_files"]

SYNTHETIC = "合成示例，不代表真实管控边界 / synthetic example, no real control boundary"
RESTRICTED = "内部使用 / internal use"
INDICATIVE = "示意 / indicative"


@contextmanager
def published_files(
    card: LayerCard,
    features: Sequence[Feature],
    geometries: NDArray[Any],
    rejected: Sequence[RejectedFeature],
    coverage: Coverage | None,
) -> Iterator[dict[str, Path | bytes]]:
    """
    The published files of a version, by file name, while the context lasts.

    Parameters
    ----------
    card
        What is said in the metadata of each file.
    features, geometries
        The features, EPSG:4490.
    rejected
        Listed without geometry (it may not be finite): its bytes, as they were, are in the card.
    coverage
        Written only where one is stated.
    """
    mark = "; ".join(
        text
        for given, text in (
            (card.synthetic, SYNTHETIC),
            (card.restricted, RESTRICTED),
            (card.indicative, INDICATIVE),
        )
        if given
    )
    about = {
        "title": card.name,
        "kind": card.kind,
        "source": card.source or "",
        "data_date": card.data_date or "",
        "mark": mark,
        "content_digest": card.content_digest,
    }
    with tempfile.TemporaryDirectory(prefix="sanxian-") as folder:
        files: dict[str, Path | bytes] = {}

        def publish(name: str, table: Table) -> None:
            write_geopackage(Path(folder) / name, [table], about)
            files[name] = Path(folder) / name

        publish("features.gpkg", _features(features, geometries, mark))
        publish("rejected.gpkg", _rejected(rejected))
        if coverage is not None:
            publish("coverage.gpkg", _coverage(coverage))
        yield files


def _features(features: Sequence[Feature], geometries: NDArray[Any], mark: str) -> Table:
    fields = (
        _text("id", "要素编号", "feature id"),
        _text("code", "编码", "code"),
        _text("name", "名称", "name"),
        _text("class", "类别代码", "class code"),
        _text("class_label", "原类别", "class as in the file"),
        Field(name="counts", long_name_zh="是否计入", long_name_en="counts as a zone (1 yes)", type="integer"),
        _text("flags", "标记", "flags"),
        _text("valid_from", "生效日期", "valid from"),
        _text("valid_until", "失效日期", "valid until"),
        Field(name="accuracy_m", long_name_zh="精度(米)", long_name_en="accuracy, m", type="number"),
        Field(name="influence_m", long_name_zh="影响距离(米)", long_name_en="influence distance, m", type="number"),
        _text("attributes", "原始字段(JSON)", "fields of the file as JSON"),
        _text("mark", "标注", "mark"),
    )
    rows = tuple(
        (
            f.id,
            f.code,
            f.name,
            f.class_,
            f.class_label,
            int(f.counts),
            ",".join(f.flags),
            f.valid_from,
            f.valid_until,
            f.accuracy_m,
            f.influence_m,
            json.dumps(f.attributes, ensure_ascii=False, sort_keys=True),
            mark,
        )
        for f in features
    )
    return Table(name="features", fields=fields, rows=rows, geometries=tuple(geometries), crs=4490)


def _rejected(rejected: Sequence[RejectedFeature]) -> Table:
    fields = (
        _text("id", "要素编号", "feature id"),
        _text("reason", "原因代码", "reason code"),
        _text("detail", "说明", "detail"),
        _text("accepted", "采信说明", "why it was left out of account"),
        _text("attributes", "原始字段(JSON)", "fields of the file as JSON"),
        _text("wkt", "原始几何(WKT)", "geometry as it was, file's coordinates"),
    )
    rows = tuple(
        (
            r.id,
            r.reason,
            r.detail,
            r.accepted,
            json.dumps({k: str(v) for k, v in r.attributes.items()}, ensure_ascii=False, sort_keys=True),
            None if r.wkb is None else shapely.to_wkt(shapely.from_wkb(r.wkb), rounding_precision=-1),
        )
        for r in rejected
    )
    return Table(name="rejected", fields=fields, rows=rows)


def _coverage(coverage: Coverage) -> Table:
    fields = (
        _text("label", "覆盖范围", "coverage"),
        _text("source", "来源", "source"),
        _text("version", "版本", "version"),
        Field(name="accuracy_m", long_name_zh="精度(米)", long_name_en="accuracy, m", type="number"),
    )
    row = (coverage.label, coverage.source, coverage.version, coverage.accuracy_m)
    return Table(name="coverage", fields=fields, rows=(row,), geometries=(coverage.geometry,), crs=4490)


def _text(name: str, zh: str, en: str) -> Field:
    return Field(name=name, long_name_zh=zh, long_name_en=en)
