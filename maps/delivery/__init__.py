"""What the next office gets: data it can load, styles, a field dictionary and a readme, packed as one file a format."""

from __future__ import annotations

from maps.delivery.formats import FORMATS, DeliveryFormat, Keeps
from maps.delivery.layers import layers_delivery
from maps.delivery.model import Delivery, Sheet
from maps.delivery.results import SavedResult, result_delivery
from maps.delivery.writing import deliver

__all__ = [
    "FORMATS",
    "Delivery",
    "DeliveryFormat",
    "Keeps",
    "SavedResult",
    "Sheet",
    "deliver",
    "layers_delivery",
    "result_delivery",
]
