"""
What runs inside QGIS's own Python: opens layers, says what it found, draws them with a style.

Called with a JSON file of jobs: ``uri``, ``name``, and for a picture ``style`` (a file; absent: what QGIS finds by
itself), ``picture``, ``box``, ``size``, ``labels`` (false: drawn without), ``below`` (layers under it, the upper
first). The second argument is the file for what was found, as JSON, one entry a job.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor, QImage, QPainter


def found(layer: QgsVectorLayer) -> dict[str, Any]:
    """Facts of a layer and its features."""
    box = layer.extent()
    features = list(layer.getFeatures())
    return {
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "encoding": layer.dataProvider().encoding() if layer.isValid() else None,
        "count": len(features),
        "stated_count": layer.featureCount(),
        "fields": [field.name() for field in layer.fields()],
        "box": [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()],
        "rows": [[None if value is None or not value else str(value) for value in f.attributes()] for f in features],
        "areas": [f.geometry().area() for f in features],
        "lengths": [f.geometry().length() for f in features],
        "sound": all(f.geometry().isGeosValid() for f in features),
    }


def styled(layer: QgsVectorLayer, job: dict[str, Any]) -> dict[str, Any]:
    """What came of the style, and the picture."""
    message, fine = "", True
    if job.get("style", "").endswith(".qml"):
        message, fine = layer.loadNamedStyle(job["style"])
    elif job.get("style"):
        message, fine = layer.loadSldStyle(job["style"])
    layer.loadDefaultMetadata()  # as the desktop does with every layer it adds
    renderer = layer.renderer()
    if renderer is None:
        return {"styled": False, "message": message}
    labels = layer.labelsEnabled()
    if not job.get("labels", True):
        layer.setLabelsEnabled(False)
    settings = QgsMapSettings()
    below = [QgsVectorLayer(uri, "below", "ogr") for uri in job.get("below", ())]
    for each in below:
        each.setLabelsEnabled(False)
    settings.setLayers([layer, *below])
    settings.setDestinationCrs(layer.crs())
    settings.setExtent(QgsRectangle(*job["box"]))
    settings.setOutputSize(QSize(*job["size"]))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(job.get("paper", "#ffffff")))
    image = QImage(QSize(*job["size"]), QImage.Format_RGB32)
    image.fill(QColor(job.get("paper", "#ffffff")))
    image.setDotsPerMeterX(3780)
    image.setDotsPerMeterY(3780)
    painter = QPainter(image)
    work = QgsMapRendererCustomPainterJob(settings, painter)
    work.renderSynchronously()
    painter.end()
    image.save(job["picture"])
    return {
        "styled": fine,
        "message": message,
        "renderer": renderer.type(),
        "legend": [item.label() for item in renderer.legendSymbolItems()],
        "labels": labels,
        "title": layer.metadata().title(),
        "abstract": layer.metadata().abstract(),
    }


def main() -> None:
    """Do the jobs of the file that was named."""
    application = QgsApplication([], False)
    application.initQgis()
    told = []
    for job in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
        layer = QgsVectorLayer(job["uri"], job.get("name", "x"), "ogr")
        entry = found(layer) if layer.isValid() else {"valid": False}
        if job.get("picture") and layer.isValid():
            entry.update(styled(layer, job))
        told.append(entry)
    Path(sys.argv[2]).write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    sys.stdout.flush()
    os._exit(0)  # QGIS 3.22 may crash while it takes itself down


main()
