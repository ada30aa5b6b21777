/** Import of a run of kube-bench as it prints JSON. */
import { z } from "zod";
import { documentImport } from "./types";
import { time } from "./origin-fields";

const check = z.looseObject({
  test_number: z.string().max(64),
  test_desc: z.string().max(2000),
  status: z.enum(["PASS", "FAIL", "WARN", "INFO"]),
});
const controls = z
  .array(
    z.looseObject({
      version: z.string().max(64),
      detected_version: z.string().max(64).nullish(),
      node_type: z.string().max(64),
      tests: z.array(z.looseObject({ results: z.array(check).max(500) })).max(200),
    }),
  )
  .min(1)
  .max(20);

export const benchmarkRunImport = documentImport(
  {
    id: "benchmark-run",
    title: "Run of a CIS benchmark on a node",
    nature: "fact",
    description:
      "What kube-bench found on one node: passed and failed checks, and those that a person has to make. Name the other nodes of the same class, made from the same image and settings, for which the run speaks too.",
    howToGet:
      "On one node of each class: kube-bench run --json > kube-bench.json. Put its `Controls` below `report`, the node's name, the moment of the run and the other nodes of the class beside it.",
    controls: ["node-benchmark-current"],
    maxBytes: 4 * 1024 * 1024,
    example: `node: node-1
standsFor: [node-2, node-3]
ranAt: 2026-11-20T08:00:00Z
report:
  Controls:
    - id: "4"
      version: cis-2.0
      detected_version: "1.34"
      text: Worker Node Security Configuration
      node_type: node
      tests:
        - section: "4.1"
          results:
            - { test_number: 4.1.1, test_desc: Ensure that the kubelet service file permissions are set, status: PASS, scored: true }
            - { test_number: 4.1.3, test_desc: If proxy kubeconfig file exists ensure permissions are set, status: WARN, scored: false }
`,
  },
  z.strictObject({
    node: z.string().min(1).max(253),
    standsFor: z.array(z.string().min(1).max(253)).max(5000).default([]),
    ranAt: time,
    report: z.looseObject({ Controls: controls }),
  }),
  ({ node, standsFor, ranAt, report }, origin) => {
    const [first] = report.Controls;
    const checks = report.Controls.flatMap(({ tests }) => tests.flatMap(({ results }) => results));
    const named = (status: string) =>
      checks
        .filter((entry) => entry.status === status)
        .map(({ test_number, test_desc }) => ({ id: test_number, text: test_desc.slice(0, 300) }));
    return {
      facts: {
        benchmarkRuns: [
          {
            origin,
            tool: "kube-bench",
            benchmark: first?.version ?? "",
            ...(first?.detected_version == null ? {} : { kubernetesVersion: first.detected_version }),
            node,
            standsFor,
            ranAt,
            targets: [...new Set(report.Controls.map(({ node_type }) => node_type))],
            passed: named("PASS").length,
            failed: named("FAIL").map((entry) => ({ ...entry, level: null })),
            manual: named("WARN"),
          },
        ],
      },
    };
  },
);
