/**
 * Runs a control's cases, so that every control is tested the same way.
 *
 * A case is a world and the status that the control must answer. The control's summary over all its results is compared
 * (fail, unknown, pass; not-applicable when all are), and where the case says more, the result that carries that status.
 * Beyond the cases it is checked that the same world gives the same results, that every result can be shown (short reason,
 * detail, verifying command, remediation for a fail), and that a control that always answered the same would be noticed.
 */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { type ContextOptions, contextOf, daemonSet, minimalPod, namespace, node } from "@/lib/fixtures/builders";
import type { Inventory } from "@/lib/inventory/inventory";
import type { SectionName } from "@/lib/inventory/snapshot";
import { readsBeside } from "./also-reads";
import { problemOfEvidence } from "./evidence-places";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  RESULT_STATUSES,
  type Result,
  type ResultStatus,
} from "./types";
import { WORKLOAD_SECTIONS } from "./workloads";

export interface ControlCase {
  name: string;
  objects: readonly unknown[];
  options?: ContextOptions;
  status: ResultStatus;
  /** `Kind/name` or `Kind/namespace/name` of a result that must have the status. */
  object?: string;
  severity?: Result["severity"];
  /** Text that the reason or the detail of that result must hold. */
  says?: string | RegExp;
  /**
   * What the assessor's command shows in this world, run with kubectl against a simulated cluster that holds `objects`. Every
   * control has it on a passing and on a failing case.
   */
  assessor?: AssessorCase;
  /**
   * Whether the remediation of this case is tried on a living cluster: `true` chooses this case for its kind of manifest, `false`
   * rules it out (its world can't be rebuilt there). Without it the first failing case of each kind is tried.
   */
  remediates?: boolean;
}

export interface AssessorCase {
  /** Text or pattern that its output must hold; "" for an output that must be empty. */
  prints: string | RegExp;
  /** Text or pattern that it must not hold. */
  hides?: string | RegExp;
  /** For commands that need more than kubectl and jq: program → what it prints, or file (a name with a dot) → what it holds. */
  recorded?: Readonly<Record<string, string>>;
}

/** The status of a control over its results; a control without any result is unknown. */
export function summaryOf(results: readonly Result[]): ResultStatus {
  const order: ResultStatus[] = ["fail", "unknown", "pass", "not-applicable"];
  return order.find((status) => results.some((result) => result.status === status)) ?? "unknown";
}

/** What is wrong with the control's answer to the case, or null. */
export function problemOf(evaluate: Control["evaluate"], test: ControlCase): string | null {
  const results = evaluate(contextOf(test.objects, test.options));
  const found = `${summaryOf(results)} from ${JSON.stringify(results.map((r) => [r.status, r.severity, keyOf(r), r.reason]))}`;
  if (summaryOf(results) !== test.status) return `expected ${test.status}, found ${found}`;
  const { object, severity, says } = test;
  const fits = results.some(
    (result) =>
      result.status === test.status &&
      (object === undefined || keyOf(result) === object) &&
      (severity === undefined || result.severity === severity) &&
      (says === undefined || matches(`${result.reason}\n${result.detail}`, says)),
  );
  return fits
    ? null
    : `no ${test.status} result fits ${JSON.stringify({ object, severity })} ${String(says)}: ${found}\n${results.map((r) => r.detail).join("\n")}`;
}

declare global {
  /** Set by the project `cluster` (vitest.config.ts), which runs commands and remediations against simulated clusters. */
  var ringfenceCaseHarness: ((control: Control, cases: readonly ControlCase[]) => void) | undefined;
}

export function describeControl(control: Control, cases: readonly ControlCase[]): void {
  if (globalThis.ringfenceCaseHarness !== undefined) {
    globalThis.ringfenceCaseHarness(control, cases);
    return;
  }
  describe(control.id, () => {
    it.each(cases.map((test) => [`${test.status}: ${test.name}`, test] as const))("%s", (_, test) => {
      expect(problemOf(control.evaluate, test)).toBeNull();
    });

    it.each(RESULT_STATUSES)("would notice a control that always answers %s", (status) => {
      const constant = (): Result[] => [{ status, object: CLUSTER_REF, reason: "x", detail: "x", evidence: [] }];
      expect(cases.some((test) => problemOf(constant, test) !== null)).toBe(true);
    });

    it("has a passing, a failing and an unknown case", () => {
      for (const status of ["pass", "fail", "unknown"] as const) {
        expect(
          cases.some((test) => test.status === status),
          status,
        ).toBe(true);
      }
    });

    it("lists no section that it doesn't name, so that no invalid object of one is passed over", () => {
      const named = new Set([...control.sections, ...readsBeside(control.id)]);
      const read = new Set(cases.flatMap((test) => sectionsReadBy(control, contextOf(test.objects, test.options))));
      expect([...read].filter((section) => !named.has(section))).toEqual([]);
    });

    it("gives the same results for the same world, each fit to be shown", () => {
      for (const test of cases) {
        const context = contextOf(test.objects, test.options);
        const results = control.evaluate(context);
        expect(control.evaluate(contextOf(test.objects, test.options)), test.name).toEqual(results);
        for (const result of results) checkShown(control, context, result);
      }
    });
  });
}

/** The sections that an evaluation lists, also through the look-ups of workloads, pods, nodes and namespaces. */
function sectionsReadBy(control: Control, context: EvaluationContext): SectionName[] {
  const read = new Set<SectionName>();
  const through: { [look in keyof Inventory]?: readonly SectionName[] } = {
    workloads: WORKLOAD_SECTIONS.filter((section) => section !== "namespaces"),
    workloadsIn: WORKLOAD_SECTIONS.filter((section) => section !== "namespaces"),
    livePods: ["pods"],
    livePodsIn: ["pods"],
    nodes: ["nodes"],
    namespaces: ["namespaces"],
    serviceAccount: ["serviceaccounts"],
  };
  const list: Inventory["list"] = (section) => {
    read.add(section);
    return context.inventory.list(section);
  };
  const inventory = new Proxy(context.inventory, {
    get(target, look: keyof Inventory) {
      if (look === "list") return list;
      for (const section of through[look] ?? []) read.add(section);
      return target[look];
    },
  });
  control.evaluate({ ...context, inventory });
  return [...read];
}

function checkShown(control: Control, context: EvaluationContext, result: Result): void {
  expect(result.reason.length, result.reason).toBeLessThanOrEqual(120);
  expect(result.reason).not.toMatch(/undefined|\[object/);
  expect(result.detail.length).toBeGreaterThan(result.reason.length / 2);
  expect(result.detail).not.toMatch(/undefined|\[object/);
  for (const pointer of result.evidence) expect(problemOfEvidence(context, pointer)).toBeNull();
  const verify = control.verify(context, result);
  expect(verify.command).not.toMatch(/undefined/);
  checkBash(verify.command);
  if (result.status !== "fail") return;
  expect(result.evidence.length, `a fail rests on something: ${result.reason}`).toBeGreaterThan(0);
  const remediation = control.remediate(context, result);
  expect(remediation.summary).not.toBe("");
  expect(remediation.risk).not.toBe("");
  if (remediation.manifest === undefined) return;
  for (const document of parseAllDocuments(remediation.manifest)) {
    if ("errors" in document) expect(document.errors, remediation.manifest).toEqual([]);
  }
  expect(remediation.apply, "a manifest comes with the command that applies it").toBeTruthy();
}

const checked = new Set<string>();
/** Bash must be able to parse the command (`bash -n` runs nothing). */
function checkBash(command: string): void {
  if (checked.has(command)) return;
  checked.add(command);
  execFileSync("bash", ["-n"], { input: command, stdio: ["pipe", "ignore", "pipe"] });
}

function keyOf(result: Result): string {
  const { kind, namespace, name } = result.object;
  return [kind, namespace, name].filter((part) => part !== undefined).join("/");
}

function matches(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}

/** A world in which Calico enforces NetworkPolicy: its DaemonSet, the nodes, and a ready agent on each of `readyOn`. */
export function calicoOn(nodes: readonly string[], readyOn: readonly string[] = nodes, version = "v3.30.3"): unknown[] {
  const agent = { name: "calico-node", image: `quay.io/calico/node:${version}` };
  return [
    daemonSet("calico-node", "calico-system", { containers: [agent] }),
    ...nodes.map((name) => node(name)),
    ...nodes.map((name) =>
      minimalPod(`calico-node-${name}`, "calico-system", {
        metadata: {
          ownerReferences: [
            { apiVersion: "apps/v1", kind: "DaemonSet", name: "calico-node", uid: "1", controller: true },
          ],
        },
        spec: { nodeName: name, hostNetwork: true, containers: [agent] },
        status: {
          phase: "Running",
          conditions: [{ type: "Ready", status: readyOn.includes(name) ? "True" : "False" }],
        },
      }),
    ),
    // Its namespace, so that scope stays declared for everything in the world.
    namespace("calico-system", { "pci-scope": "connected-to" }),
  ];
}

/** A world whose only plug-in is flannel, which enforces nothing. */
export function flannelOn(nodes: readonly string[]): unknown[] {
  const agent = { name: "kube-flannel", image: "ghcr.io/flannel-io/flannel:v0.27.0" };
  return [
    daemonSet("kube-flannel-ds", "kube-flannel", { containers: [agent] }),
    ...nodes.map((name) => node(name)),
    namespace("kube-flannel", { "pci-scope": "connected-to" }),
  ];
}
