/** Expressions that would hold a worker for hours, or eat its memory, in the real thread. */
import { describe, expect, it } from "vitest";
import type { CustomControlDefinition } from "@/lib/controls/custom/types";
import { cdeNamespace, contextOf, deployment, minimalPodSpec } from "@/lib/fixtures/builders";
import { runCustomControls } from "./run";

const definition = (id: string, expression: string, more: Partial<CustomControlDefinition> = {}) => ({
  id: `custom-${id}`,
  title: id,
  severity: "low" as const,
  why: "",
  kinds: ["deployments" as const],
  scope: [],
  matchConditions: [],
  variables: [],
  validations: [{ expression }],
  requirements: [],
  revision: 3,
  ...more,
});
const name = `${"a".repeat(60)}!`;
const context = contextOf([
  cdeNamespace(),
  deployment("web", "cde", minimalPodSpec()),
  deployment("api", "cde", minimalPodSpec(), { metadata: { labels: { long: name } } }),
]);
const many = `[${Array.from({ length: 200 }, (_, i) => i).join(",")}]`;
const ok = definition("ok", "object.metadata.name != 'api'");

/** Exponential for an engine that goes back: every second a's belong to either group. */
const redos = definition("redos", "object.metadata.labels.long.matches('^(a+)+$')", {
  objectSelector: { matchExpressions: [{ key: "long", operator: "Exists" }] },
});
/** 200 × 200 × 250 = 10 000 000 steps for each object. */
const steps = definition(
  "steps",
  `${many}.all(a, ${many}.all(b, [${Array.from({ length: 250 }, (_, i) => i).join(",")}].all(c, a + b + c >= 0)))`,
);
const memory = definition("memory", "variables.d.size() > 0", {
  variables: [
    { name: "a", expression: `${many}.map(x, ${many}.map(y, ${many}.map(z, 'text ' + string(x * y * z))))` },
    { name: "d", expression: "variables.a + variables.a + variables.a" },
  ],
});
const says = (outcomes: Awaited<ReturnType<typeof runCustomControls>>) =>
  outcomes.map(({ definition: { id }, results, stopped }) => [
    id,
    results.map((result) => `${result.status} ${result.object.name}`).join(", "),
    stopped,
  ]);

describe("custom controls in their thread", () => {
  it("stops what doesn't come to an end, says unknown for the cluster, and goes on with the others", async () => {
    const outcomes = await runCustomControls([redos, ok, steps, ok], context, { controlMs: 700, totalMs: 20_000 });
    expect(says(outcomes)).toEqual([
      ["custom-redos", "unknown cluster", "it took longer than it may"],
      ["custom-ok", "fail api, pass web", null],
      ["custom-steps", "unknown cluster", "it took longer than it may"],
      ["custom-ok", "fail api, pass web", null],
    ]);
    expect(outcomes[0]?.results[0]?.detail).toContain("Revision 3 was stopped");
  });

  it("stops what takes too much memory", async () => {
    const [first, second] = await runCustomControls([memory, ok], context, { controlMs: 60_000, totalMs: 60_000 });
    expect(first?.stopped).toBe("it took more memory than it may");
    expect(second?.stopped).toBeNull();
  });

  it("ends at the time of all: the rest is unknown and has not run", async () => {
    const outcomes = await runCustomControls([redos, ok], context, { controlMs: 5_000, totalMs: 300 });
    expect(says(outcomes)[1]).toEqual([
      "custom-ok",
      "unknown cluster",
      "the time of all custom controls of a scan was used up before it",
    ]);
  });

  it("says unknown for a definition that this release can't compile, and not applicable for an empty choice", async () => {
    const stale = definition("stale", "object.spec.noSuchField == 1");
    const nothing = definition("nothing", "true", { kinds: ["services"] });
    const outcomes = await runCustomControls([stale, nothing], context);
    expect(outcomes.map(({ results }) => results[0]?.status)).toEqual(["unknown", "not-applicable"]);
    expect(outcomes[0]?.results[0]?.detail).toContain("validations[0].expression");
  });
});
