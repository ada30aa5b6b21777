/**
 * Judging the control plane's components by their flags: every visible instance counts, the worst decides, and a control-plane
 * node that shows no instance keeps a pass away.
 */
import { type Component, type ComponentInstance, componentFlags } from "@/lib/inventory/flags";
import { clusterResult, nameSome } from "./population";
import { providerAnswer } from "./provider-profiles";
import { shortReason } from "./short-reason";
import type { EvaluationContext, EvidencePointer, Result, Severity } from "./types";

/** What is wrong, or not known, with one instance. */
export interface FlagProblem {
  status: "fail" | "unknown";
  severity?: Severity;
  /** For the table, without the instance's name: `--profiling is true (the default)`. */
  words: string;
  evidence: EvidencePointer;
}
export interface FlagJudgement {
  problems: readonly FlagProblem[];
  /** What was found good, for a pass. */
  evidence: readonly EvidencePointer[];
  /** Remarks that change nothing. */
  notes?: readonly string[];
}

const ORDER: readonly Severity[] = ["critical", "high", "medium", "low"];
/** The worst of several grades; `otherwise` where none is given. */
export function worstSeverity(severities: readonly (Severity | undefined)[], otherwise: Severity): Severity {
  const given = severities.map((severity) => severity ?? otherwise);
  return ORDER.find((severity) => given.includes(severity)) ?? otherwise;
}

/** Where a flag stands; the container where it is missing. */
export function flagEvidence(instance: ComponentInstance, name: string): EvidencePointer {
  const setting = instance.flags.get(name);
  return setting === undefined
    ? { ref: instance.ref, pointer: instance.pointer }
    : { ref: instance.ref, pointer: setting.pointer, found: setting.value ?? "<redacted>" };
}

/** The last value of a flag; undefined when it is missing or empty, null when it is set and its value isn't known. */
export function flagValue(instance: ComponentInstance, name: string): string | null | undefined {
  const setting = instance.flags.get(name);
  return setting === undefined || setting.value === "" ? undefined : setting.value;
}

/** All elements of a flag that adds up (`--a=x,y --a=z`); null when a value isn't known, undefined when it isn't set. */
export function flagList(instance: ComponentInstance, name: string): string[] | null | undefined {
  const setting = instance.flags.get(name);
  if (setting === undefined) return undefined;
  if (setting.value === null) return null;
  const elements = setting.values.flatMap((value) => value.split(",")).map((element) => element.trim());
  return elements.filter((element) => element !== "");
}

/** One result for a component over all its instances. `severity` is that of a problem which says none. */
export function judgeComponent(
  context: EvaluationContext,
  control: { id: string; severity: Severity },
  component: Component,
  judge: (instance: ComponentInstance) => FlagJudgement,
  options: { part?: string; passes: string; remedy?: string; hidden?: readonly string[] },
): Result {
  const part = options.part === undefined ? {} : { part: options.part };
  const flags = componentFlags(context.inventory, component);
  if (!flags.visible) {
    const remedy = options.remedy ?? "when the component's command line on each host is imported";
    return { ...providerAnswer(context, control.id, flags.reason, remedy), ...part };
  }
  const judged = flags.instances.map((instance) => ({ instance, ...judge(instance) }));
  const sentences = (status: FlagProblem["status"]): string[] =>
    judged.flatMap(({ instance, problems }) =>
      problems.filter((p) => p.status === status).map((p) => `${instance.ref.name}: ${p.words}`),
    );
  const notes = [...new Set(judged.flatMap((entry) => entry.notes ?? []))];
  const remarks = notes.length === 0 ? "" : ` ${notes.join(" ")}`;
  const problems = judged.flatMap((entry) => entry.problems);
  const fails = problems.filter(({ status }) => status === "fail");
  if (fails.length > 0) {
    const words = [...new Set(fails.map((problem) => problem.words))];
    const [first = ""] = words;
    const names = judged
      .filter((e) => e.problems.some((p) => p.words === first))
      .map(({ instance }) => instance.ref.name);
    const more = words.length > 1 ? ` (and ${words.length - 1} more)` : "";
    return {
      ...clusterResult(
        "fail",
        shortReason(`${first} on ${nameSome(names, 2)}${more}`),
        `${[...sentences("fail"), ...sentences("unknown")].join("; ")}.${remarks}`,
      ),
      ...part,
      severity: worstSeverity(
        fails.map(({ severity }) => severity),
        control.severity,
      ),
      evidence: fails.map(({ evidence }) => evidence),
    };
  }
  if (problems.length > 0) {
    const [first] = problems;
    return {
      ...clusterResult("unknown", shortReason(first?.words ?? ""), `${sentences("unknown").join("; ")}.${remarks}`),
      ...part,
      evidence: problems.map(({ evidence }) => evidence),
    };
  }
  const evidence = judged.flatMap((entry) => entry.evidence);
  const hidden = [...flags.hiddenNodes, ...(options.hidden ?? [])];
  if (hidden.length > 0) {
    return {
      ...clusterResult(
        "unknown",
        shortReason(`no ${component} visible on ${nameSome(hidden, 2)}`),
        `Every visible ${component} is as it should be, but none is visible on ${nameSome(hidden)}, so its settings there are not known.${remarks}`,
      ),
      ...part,
      evidence: [...evidence],
    };
  }
  const names = judged.map(({ instance }) => instance.ref.name);
  return {
    ...clusterResult("pass", shortReason(options.passes), `${nameSome(names)}: ${options.passes}.${remarks}`),
    ...part,
    evidence: [...evidence],
  };
}

/** kubeadm's configuration for flags of components, as a runbook's file. */
export function kubeadmPatch(flags: {
  apiServer?: Record<string, string>;
  controllerManager?: Record<string, string>;
  scheduler?: Record<string, string>;
  etcd?: Record<string, string>;
}) {
  const args = (values: Record<string, string> | undefined) =>
    Object.entries(values ?? {}).map(([name, value]) => ({ name, value }));
  return {
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "ClusterConfiguration",
    ...(flags.apiServer === undefined ? {} : { apiServer: { extraArgs: args(flags.apiServer) } }),
    ...(flags.controllerManager === undefined
      ? {}
      : { controllerManager: { extraArgs: args(flags.controllerManager) } }),
    ...(flags.scheduler === undefined ? {} : { scheduler: { extraArgs: args(flags.scheduler) } }),
    ...(flags.etcd === undefined ? {} : { etcd: { local: { extraArgs: args(flags.etcd) } } }),
  };
}
export const KUBEADM_RISK =
  "The component restarts with the new flags; a mistake keeps it from starting. With several control-plane nodes change one after the other and wait until each answers /livez.";
