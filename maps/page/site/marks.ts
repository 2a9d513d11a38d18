/** Words that say that coordinates were shifted by a map service; such a file is refused, never undone by guess. */
import { Refusal } from "../refusal";

const OFFSETS: [RegExp, string][] = [
  [/gcj[ _-]*0?2|(?<![a-z])gcj|火星/i, "GCJ-02"],
  [/高德|(?<![a-z])(?:amap|gaode|autonavi)|腾讯|tencent|谷歌中国|google\.cn/i, "GCJ-02"],
  [/bd[ _-]*0?9(?![0-9])|(?<![a-z])bd(?=[_ -]?(?:lng|lon|lat|x|y))|百度|baidu|(?<![a-z])bmap/i, "BD-09"],
];
const OVITAL = /奥维|ovital|omap|ovkml|ovjsn/i;
const STATED = /wgs[ _-]*84|cgcs[ _-]*2000|国家\s*2000|2000\s*国家|epsg:{0,2}4490|epsg:{0,2}4326/i;

/** Names of the datums before CGCS2000, as in `spatial/forensics/words.py`. */
const OLD_DATUM = new RegExp(
  String.raw`西安[ _]?(?:19)?80|(?<!\d)(?:19)?80[ _]?(?:年(?!代)|西安|坐标|国家)|国家[ _]?(?:19)?80|xi'?an[ _-]*(?:19)?80` +
    String.raw`|北京[ _]?(?:19)?54|(?<!\d)(?:19)?54[ _]?(?:年(?!代)|北京|坐标)|bei[ _]?jing[ _-]*(?:19)?54` +
    String.raw`|(?<![a-z])bj[ _-]?(?:19)?54|krasov|克拉索夫`,
  "i",
);

/** Refuses what speaks of a datum before CGCS2000, whatever else it states: the place may be 100 m off. */
export function refuseOldDatum(texts: (string | null | undefined)[]): void {
  const found = OLD_DATUM.exec(texts.filter(Boolean).join("\n").normalize("NFKC"));
  if (found) throw new Refusal("crs_not_read", { name: found[0].slice(0, 30) });
}

/** Whether words name an offset. */
export function isShifted(text: string): boolean {
  return OFFSETS.some(([mark]) => mark.test(text));
}

/** Looks at names, headers and descriptions, never at coordinates. */
export function refuseOffsets(texts: (string | null | undefined)[]): void {
  const words = texts.filter(Boolean).join("\n");
  for (const [mark, system] of OFFSETS) {
    const found = mark.exec(words);
    if (found) throw new Refusal("offset", { mark: found[0].slice(0, 30), system });
  }
  if (OVITAL.test(words) && !STATED.test(words)) throw new Refusal("offset_open", {});
}
