/** The redacted objects that failing and unknown results point to, one readable file per control. */
import type { KubeObject } from "@/lib/inventory/kinds";
import { refKey, refOf } from "@/lib/inventory/inventory";
import { SECTIONS } from "@/lib/inventory/sections";
import type { EvidenceSource } from "./package";

export function* citedFiles({
  assessment,
  snapshot,
}: EvidenceSource): Generator<{ path: string; content: Iterable<string> }> {
  const byKey = new Map<string, KubeObject>();
  for (const { name } of SECTIONS) {
    for (const object of snapshot.sections[name]?.objects ?? []) byKey.set(refKey(refOf(object)), object);
  }
  for (const { control, results } of assessment.results) {
    const cited = new Map<string, KubeObject>();
    for (const result of results) {
      if (result.status !== "fail" && result.status !== "unknown") continue;
      for (const ref of [result.object, ...result.evidence.map((pointer) => pointer.ref)]) {
        const key = refKey(ref);
        const object = byKey.get(key);
        if (object !== undefined) cited.set(key, object);
      }
    }
    if (cited.size === 0) continue;
    yield { path: `cited/${control}.json`, content: pretty(cited) };
  }
}

function* pretty(objects: ReadonlyMap<string, KubeObject>): Generator<string> {
  let separator = "[\n";
  for (const key of [...objects.keys()].sort()) {
    yield `${separator}${JSON.stringify(objects.get(key), null, 2)}`;
    separator = ",\n";
  }
  yield "\n]\n";
}
