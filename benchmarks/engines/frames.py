"""geopandas: ``sjoin``, ``overlay``, ``sjoin_nearest``, as its documentation shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.engines import Answer, files_of

if TYPE_CHECKING:
    from benchmarks.data import Data


class Frames:
    def __init__(self, variant: str, task: str, data: Data, count: int) -> None:
        self.kind = task.partition("_")[0]
        self.predicate = variant or "within"
        self.sites_at, self.zones_at = files_of(task, data, pieces=None)
        self.count = count

    def load(self) -> None:
        import geopandas

        self.sites: Any = geopandas.read_parquet(self.sites_at).iloc[: self.count]
        self.zones: Any = geopandas.read_parquet(self.zones_at)

    def prepare(self) -> None:
        """Nothing that its user does."""

    def run(self) -> Answer:
        import geopandas

        if self.kind == "points":
            found = geopandas.sjoin(self.sites, self.zones, predicate=self.predicate)
            return Answer(site=found["site"].to_numpy(), zone=found["zone"].to_numpy())
        if self.kind == "overlay":
            found = geopandas.overlay(self.sites, self.zones, how="intersection", keep_geom_type=True)
            area = found.geometry.to_numpy()
            import shapely

            return Answer(site=found["site"].to_numpy(), zone=found["zone"].to_numpy(), value=shapely.area(area))
        found = geopandas.sjoin_nearest(self.sites, self.zones, distance_col="distance")
        return Answer(
            site=found["site"].to_numpy(),
            zone=found["zone"].to_numpy(),
            value=found["distance"].to_numpy(),
            metres=True,
        )

    def peak_mb(self) -> float | None:
        return None

    def close(self) -> None:
        """Nothing to let go of."""


def racer(variant: str, task: str, data: Data, count: int) -> Frames:
    return Frames(variant, task, data, count)
