/** The judge's script: loaded when the first site is asked about. */
import type { Judge } from "../contract";
import { fromGeoJson } from "./geojson";
import { memory, scoped, startGeometry } from "./geometry";
import { ellipsoidalArea, geodesicLength } from "./measure";
import { judge } from "./screening/screen";

let started: Promise<Judge & { memory: typeof memory }> | null = null;

window.startJudge = () =>
  (started ??= startGeometry().then((geosVersion) => ({
    judge,
    area: (geometry) => scoped(() => ellipsoidalArea(fromGeoJson(geometry))),
    length: (geometry) => scoped(() => geodesicLength(fromGeoJson(geometry))),
    geosVersion,
    memory,
  })));
