/**
 * For controls about settings that only Linux has: pods that declare spec.os.name: windows are not judged. A node selector alone
 * does not make a pod Windows, as for the API server; the detail says so.
 */
import type { Workload } from "@/lib/inventory/inventory";
import { isWindows } from "@/lib/podsecurity";
import type { ScopeCategory } from "@/lib/scope/types";
import type { EvaluationContext, Result } from "./types";
import { distinct, judgeWorkloads, sourceWords, type Verdict, windowsHint, wordsOf } from "./workloads";

/** Judges every workload of the categories' namespaces by its Linux pods. */
export function judgeLinuxWorkloads(
  context: EvaluationContext,
  categories: readonly ScopeCategory[],
  judge: (workload: Workload) => Verdict,
): Result[] {
  return judgeWorkloads(context, categories, (workload) => {
    const variants = workload.variants.filter((variant) => !isWindows(variant.spec));
    if (variants.length === 0) {
      return {
        status: "not-applicable",
        reason: "Windows pods have no such setting",
        detail: `${wordsOf(workload.ref)}${sourceWords(workload)} declares spec.os.name: windows, and this setting exists on Linux only.`,
        evidence: [],
      };
    }
    const verdict = judge(variants.length === workload.variants.length ? workload : { ...workload, variants });
    const hint = distinct(variants.map((variant) => windowsHint(variant.spec))).join("");
    return hint === "" ? verdict : { ...verdict, detail: `${verdict.detail}${hint}` };
  });
}
