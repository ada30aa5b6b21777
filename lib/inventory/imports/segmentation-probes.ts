/** Import of a run of segmentation probes. */
import { z } from "zod";
import { PROBE_OUTCOMES } from "../imported-exposure";
import { label, time } from "./origin-fields";
import { documentImport } from "./types";

export const segmentationProbesImport = documentImport(
  {
    id: "segmentation-probes",
    title: "Segmentation probes",
    nature: "fact",
    description:
      "What short-lived pods in other namespaces could connect to in the CDE, beside positive controls that show that they could connect at all, and the policies that stood at that time.",
    howToGet:
      "Run each probe with kubectl run --restart=Never and nc -z -w 5 ADDRESS PORT. The policies: kubectl get networkpolicies -A -o json | jq '[.items[]|{kind,namespace:.metadata.namespace,name:.metadata.name,uid:.metadata.uid,generation:.metadata.generation}]', and the same for the policies of the network plug-in.",
    controls: ["net-segmentation-probe"],
    example: `policies:
  - { kind: NetworkPolicy, namespace: cde-processing, name: default-deny, uid: 6d0f3a52-1111-4222-8333-444455556666, generation: 1 }
probes:
  - from: { namespace: shop, podUid: 0b9f3a52-1111-4222-8333-444455556666 }
    to: { namespace: cde-processing, address: 10.1.4.7, port: 8443 }
    expects: blocked
    outcome: timeout
    at: 2026-11-20T09:00:05Z
  - from: { namespace: shop }
    to: { namespace: kube-system, address: 10.96.0.10, port: 53 }
    expects: open
    outcome: connected
    at: 2026-11-20T09:00:00Z
`,
  },
  z.strictObject({
    policies: z
      .array(
        z.strictObject({
          kind: label,
          namespace: label.optional(),
          name: label,
          uid: label,
          generation: z.int().min(0),
        }),
      )
      .max(20_000),
    probes: z
      .array(
        z.strictObject({
          from: z.strictObject({ namespace: label, podUid: label.optional() }),
          to: z.strictObject({ namespace: label, address: label, port: z.int().min(1).max(65_535) }),
          expects: z.enum(["blocked", "open"]),
          outcome: z.enum(PROBE_OUTCOMES),
          at: time,
        }),
      )
      .min(1)
      .max(20_000),
  }),
  ({ policies, probes }, origin) => ({ facts: { segmentationProbes: [{ origin, policies, probes }] } }),
);
