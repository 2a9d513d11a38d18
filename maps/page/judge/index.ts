/** The judge's script: loaded when the first site is asked about. */
import initGeos from "geos-wasm";

window.startJudge = async () => {
  const geos = await initGeos();
  void geos;
  throw new Error("not built yet");
};
