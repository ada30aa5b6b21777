/** Import of the identity provider's rules about a second factor. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const mfaPolicyImport = documentImport(
  {
    id: "mfa-policy",
    title: "Multi-factor policy of the identity provider",
    nature: "fact",
    description:
      "For each application that leads into the cluster (the cluster itself, its management plane, dashboards, pipelines): who has to prove a second factor, and who is left out.",
    howToGet:
      "Export the conditional-access or sign-on policies of these applications from the identity provider and write one entry per application as in the example. `*` stands for everybody.",
    controls: ["auth-mfa-evidence"],
    example: `policies:
  - application: kubernetes
    covers: { users: [], groups: ["idp:platform", "idp:payments"] }
    requirement: multi-factor
    excludes:
      - { kind: User, name: "idp:emergency", approvedBy: maria.keller@example.com }
`,
  },
  z.strictObject({
    policies: z
      .array(
        z.strictObject({
          application: label,
          covers: z.strictObject({ users: z.array(label).max(10_000), groups: z.array(label).max(10_000) }),
          requirement: z.enum(["multi-factor", "phishing-resistant", "none"]),
          excludes: z
            .array(z.strictObject({ kind: z.enum(["User", "Group"]), name: label, approvedBy: label.optional() }))
            .max(1000),
        }),
      )
      .min(1)
      .max(200),
  }),
  ({ policies }, origin) => ({ facts: { mfaPolicies: policies.map((policy) => ({ origin, ...policy })) } }),
);
