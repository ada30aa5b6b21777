/** Import of what the API server answered to pods that admission has to refuse. */
import { z } from "zod";
import { CANARIES } from "../imported-images";
import { documentImport } from "./types";

export const admissionCanariesImport = documentImport(
  {
    id: "admission-canaries",
    title: "Answers to canary pods",
    nature: "fact",
    description:
      "What the API server answered, by a dry run on the server, to pods that must be refused in a CDE namespace. The agent does not try them, because a dry run needs the right to create pods.",
    howToGet:
      "For each namespace and canary: kubectl create --dry-run=server -n NAMESPACE -f canary.yaml; note whether it was accepted and the whole message.",
    controls: ["adm-canary-rejected", "img-signature-enforced"],
    example: `canaries:
  - namespace: cde-processing
    canary: privileged
    triedAt: 2026-11-20T10:00:00Z
    dryRun: true
    accepted: false
    message: 'pods "canary" is forbidden: violates PodSecurity "restricted:latest": privileged'
  - namespace: cde-processing
    canary: writable-root
    triedAt: 2026-11-20T10:01:00Z
    dryRun: true
    accepted: false
    message: 'admission webhook "validate.kyverno.svc-fail" denied the request: read-only-root'
`,
  },
  z.strictObject({
    canaries: z
      .array(
        z.strictObject({
          namespace: z.string().min(1).max(253),
          canary: z.enum(CANARIES),
          triedAt: z.iso.datetime(),
          dryRun: z.boolean(),
          accepted: z.boolean(),
          message: z.string().max(20_000).default(""),
        }),
      )
      .max(5000),
  }),
  ({ canaries }, origin) => ({
    facts: {
      admissionCanaries: canaries.map(({ namespace, canary, triedAt, dryRun, accepted, message }) => ({
        origin,
        namespace,
        canary,
        triedAt,
        isDryRun: dryRun,
        isAccepted: accepted,
        message,
      })),
    },
  }),
);
