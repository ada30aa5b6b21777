/**
 * What describeControl does in the project `cluster`: instead of the control's cases in memory, real kubectl against simulated
 * clusters. Set up as a global because controls and their tests may not import from here.
 */
import path from "node:path";
import { writeFileSync } from "node:fs";
import { KubeConfig } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";
import { collectSnapshot } from "@/agent/collect-snapshot";
import { classifyScope } from "@/lib/scope/classify";
import { contextOf } from "@/lib/fixtures/builders";
import type { ControlCase } from "@/lib/controls/testing";
import type { Control, EvaluationContext, Remediation, Result } from "@/lib/controls/types";
import { createInventory } from "@/lib/inventory/create-inventory";
import { IMPORT_KINDS, withImportedFacts } from "@/lib/inventory/imports";
import { factsOfNodeReports, type NodeReportSpec } from "@/lib/inventory/node-reports";
import { NODES_SAMPLES } from "@/lib/inventory/redaction/samples-nodes";
import { manifestFacts } from "@/lib/inventory/wire/messages";
import { refKey } from "@/lib/inventory/inventory";
import type { Snapshot } from "@/lib/inventory/snapshot";
import { SECTIONS } from "@/lib/inventory/sections";
import { type CaseCluster, runShell, startCaseCluster } from "./case-cluster";

globalThis.ringfenceCaseHarness = (control, cases) => {
  describe(`[cluster] ${control.id}`, () => {
    readerTest(control, cases);
    assessorTests(control, cases);
    collectorTests(control, cases);
    remediationTests(control, cases);
  });
};

function assessorTests(control: Control, cases: readonly ControlCase[]): void {
  const shown = cases.filter(({ assessor }) => assessor !== undefined);

  it("[cluster] says what the assessor's command shows, once on a passing and once on a failing object", () => {
    expect(shown.map(({ status }) => status)).toEqual(expect.arrayContaining(["pass", "fail"]));
  });

  it.each(shown.map((test) => [`${test.status}: ${test.name}`, test] as const))(
    "[cluster] assessor's command on %s",
    async (_, test) => {
      const { assessor } = test;
      if (assessor === undefined) return;
      const context = contextOf(test.objects, test.options);
      const result = control.evaluate(context).find(({ status }) => status === test.status);
      const { command, needs } = control.verify(context, result);
      const recorded = Object.keys(assessor.recorded ?? {});
      expect(recorded.length > 0, "a recording for what it needs beyond kubectl and jq").toBe(needs.length > 0);
      for (const name of recorded) expect(command, "uses what was recorded").toContain(name);
      const cluster = await startCaseCluster(test.objects, "recorded", test.options?.facts?.gitVersion);
      try {
        const answer = await runShell(cluster, command, assessor.recorded);
        const told = `${command}\n--- printed ---\n${answer.stdout}\n--- errors ---\n${answer.stderr}`;
        if (typeof assessor.prints !== "string") expect(answer.stdout, told).toMatch(assessor.prints);
        else if (assessor.prints === "") expect(answer.stdout.trim(), told).toBe("");
        else expect(answer.stdout, told).toContain(assessor.prints);
        if (assessor.hides !== undefined) {
          if (typeof assessor.hides === "string") expect(answer.stdout, told).not.toContain(assessor.hides);
          else expect(answer.stdout, told).not.toMatch(assessor.hides);
        }
        expect(answer.stderr, told).not.toMatch(/syntax error|jq: error|error:|command not found|unbound variable/i);
      } finally {
        await cluster.stop();
      }
    },
  );
}

/** What changes the cluster; other manifests are files of the control plane's hosts. */
const APPLIES = /^kubectl(?: -n \S+)? (?:diff|apply|patch|label|annotate|taint|replace|create)\b/;

/** Facts by who makes them; a fact that only a test can make would leave its control without an answer for ever. */
const READABLE: ReadonlySet<string> = new Set([
  ...Object.keys(manifestFacts.shape),
  ...Object.keys(factsOfNodeReports([NODES_SAMPLES["node-reports"].spec as unknown as NodeReportSpec])),
  ...IMPORT_KINDS.flatMap((kind) => {
    const origin = { by: "upload", name: "example", collectedAt: "2026-11-21T10:00:00Z" } as const;
    const { facts = {}, registers = {} } = kind.parse(kind.example, origin);
    return [...Object.keys(facts), ...Object.keys(registers).map((key) => `registers.${key}`)];
  }),
]);

function readerTest(control: Control, cases: readonly ControlCase[]): void {
  it("[cluster] rests on facts and registers that the agent or a document brings", () => {
    const used = cases.flatMap(({ options }) => [
      ...Object.keys(options?.facts ?? {}),
      ...Object.keys(options?.registers ?? {}).map((key) => `registers.${key}`),
    ]);
    expect([...new Set(used)].filter((key) => !READABLE.has(key))).toEqual([]);
  });
}

/** A passing and a failing case once more, read over the API by the agent's own collector instead of being built in memory. */
function collectorTests(control: Control, cases: readonly ControlCase[]): void {
  const live = cases.filter(
    ({ options }) =>
      (options?.source ?? "agent") === "agent" && options?.sections === undefined && options?.invalid === undefined,
  );
  const chosen = (["pass", "fail"] as const).flatMap((status) => live.find((test) => test.status === status) ?? []);
  it("[cluster] has a passing and a failing case that an agent could hand in", () => {
    expect(chosen.map(({ status }) => status)).toEqual(["pass", "fail"]);
  });

  it.each(chosen.map((test) => [test.status, test] as const))(
    "[cluster] the agent's collector leads to the same %s",
    async (_, test) => {
      const cluster = await startCaseCluster(test.objects, "recorded", test.options?.facts?.gitVersion, {
        isBare: true,
      });
      try {
        const given = contextOf(test.objects, test.options);
        const collected = await collect(cluster, test);
        const inventory = createInventory({ ...collected, source: "agent", facts: given.inventory.snapshot.facts });
        const results = control.evaluate({
          ...given,
          inventory,
          scope: classifyScope(inventory, given.scope.settings),
        });
        const told = (list: readonly Result[]) =>
          list.map((r) => [r.status, r.severity ?? "", refKey(r.object), r.part ?? "", r.reason].join(" | ")).sort();
        expect(told(results)).toEqual(told(control.evaluate(given)));
      } finally {
        await cluster.stop();
      }
    },
  );
}

interface Remediated {
  test: ControlCase;
  result: Result;
  remediation: Remediation & { manifest: string; apply: string };
}

/** One failing case for each set of kinds that the control generates. */
function remediationTests(control: Control, cases: readonly ControlCase[]): void {
  const byKinds = new Map<string, Remediated>();
  const ordered = [...cases.filter(({ remediates }) => remediates === true), ...cases];
  for (const test of ordered) {
    if (test.status !== "fail" || test.remediates === false) continue;
    const context = contextOf(test.objects, test.options);
    for (const result of control.evaluate(context)) {
      if (result.status !== "fail") continue;
      const remediation = control.remediate(context, result);
      const { manifest, apply } = remediation;
      if (manifest === undefined || apply === undefined || !APPLIES.test(apply)) continue;
      const kinds = `${verbOf(apply)} ${kindsOf(manifest, result)}`;
      if (!byKinds.has(kinds)) byKinds.set(kinds, { test, result, remediation: { ...remediation, manifest, apply } });
    }
  }
  it.each([...byKinds].map(([kinds, remediated]) => [kinds, remediated] as const))(
    "[cluster] remediation by %s turns the result to pass",
    async (_, { test, result, remediation }) => {
      const cluster = await startCaseCluster(test.objects, "living", test.options?.facts?.gitVersion);
      try {
        const before = await rescan(cluster, control, test);
        const stood = resultFor(before, result);
        expect(
          stood?.status,
          `before: ${result.reason}; now ${JSON.stringify(before.map((r) => [r.status, refKey(r.object), r.reason]))}`,
        ).toBe("fail");
        const file = /(?:-f|--filename|--patch-file)[ =]'?([^\s';]+)/.exec(remediation.apply)?.[1] ?? "manifest.yaml";
        writeFileSync(path.join(cluster.folder, path.basename(file)), remediation.manifest);
        const answer = await runShell(cluster, remediation.apply);
        expect(answer.code, `${remediation.apply}\n${answer.stdout}${answer.stderr}\n${remediation.manifest}`).toBe(0);
        await new Promise((resolve) => setImmediate(resolve));
        const after = await rescan(cluster, control, test);
        const now = resultFor(after, result);
        // A result that is gone is a repair only if nothing unknown has come in its place.
        const known = new Set(before.map(({ object }) => refKey(object)));
        const lost = after.filter(({ status, object }) => status === "unknown" && !known.has(refKey(object)));
        if (now === undefined) expect(lost.map(({ detail }) => detail)).toEqual([]);
        expect(
          now === undefined || now.status === "pass" || now.status === "not-applicable",
          `after ${remediation.apply}\n${remediation.manifest}\nit is ${now?.status}: ${now?.detail}`,
        ).toBe(true);
      } finally {
        await cluster.stop();
      }
    },
  );
}

/** The whole way: the agent's collector, the look-ups, the scope, the control. */
async function rescan(cluster: CaseCluster, control: Control, test: ControlCase): Promise<Result[]> {
  const given = contextOf(test.objects, test.options);
  const collected = await collect(cluster, test);
  const { facts } = given.inventory.snapshot;
  const inventory = createInventory(
    withImportedFacts({ ...collected, source: given.inventory.snapshot.source }, facts),
  );
  const context: EvaluationContext = {
    ...given,
    inventory,
    scope: classifyScope(inventory, given.scope.settings),
  };
  return control.evaluate(context);
}

function collect(cluster: CaseCluster, test: ControlCase): Promise<Snapshot> {
  const { snapshot, provider } = contextOf(test.objects, test.options).inventory;
  const config = new KubeConfig();
  config.loadFromString(cluster.simulator.kubeconfig());
  return collectSnapshot(config, {
    provider,
    collectedAt: snapshot.collectedAt,
    // As a cluster whose operator has granted them all.
    optionalSections: SECTIONS.filter(({ optional }) => optional).map(({ name }) => name),
  });
}

function resultFor(results: readonly Result[], wanted: Result): Result | undefined {
  return results.find((result) => refKey(result.object) === refKey(wanted.object) && result.part === wanted.part);
}
function verbOf(apply: string): string {
  return /kubectl(?: -n \S+| --namespace[= ]\S+)* (\w[\w-]*(?: reconcile)?)/.exec(apply)?.[1] ?? "kubectl";
}
function kindsOf(manifest: string, result: Result): string {
  const kinds = [...manifest.matchAll(/^kind: (\S+)/gm)].map((match) => match[1]);
  return kinds.length === 0 ? result.object.kind : [...new Set(kinds)].join(", ");
}
