/** Words that say that coordinates were shifted by a map service; such a file is refused, never undone by guess. */
import { Refusal } from "../refusal";

const OFFSETS: [RegExp, string][] = [
  [/gcj[ _-]*0?2|火星坐标|火星/i, "GCJ-02"],
  [/高德|(?<![a-z])(?:amap|gaode|autonavi)|腾讯|tencent|谷歌中国|google\.cn/i, "GCJ-02"],
  [/bd[ _-]*0?9(?![0-9])|百度|baidu/i, "BD-09"],
];
const OVITAL = /奥维|ovital|omap|ovkml|ovjsn/i;
const STATED = /wgs[ _-]*84|cgcs[ _-]*2000|国家\s*2000|2000\s*国家|epsg:{0,2}4490|epsg:{0,2}4326/i;

/** Looks at names, headers and descriptions, never at coordinates. */
export function refuseOffsets(texts: (string | null | undefined)[]): void {
  const words = texts.filter(Boolean).join("\n");
  for (const [mark, system] of OFFSETS) {
    const found = mark.exec(words);
    if (found) throw new Refusal("offset", { mark: found[0].slice(0, 30), system });
  }
  if (OVITAL.test(words) && !STATED.test(words)) throw new Refusal("offset_open", {});
}
