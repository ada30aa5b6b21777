/** Import of the identity provider's users and groups, under the names that the cluster sees. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport, MAX_IMPORT_BYTES } from "./types";

export const identityDirectoryImport = documentImport(
  {
    id: "identity-directory",
    title: "Users and groups of the identity provider",
    nature: "fact",
    description:
      "Whom the identity provider knows: users with their state, groups with their members. Names as bindings write them, prefix included. Makes known who stands behind a group and who has left.",
    howToGet:
      "Export users and groups that are assigned to the cluster's application from the identity provider (Entra ID: az ad group member list; Okta, Keycloak: their group export) and write them as in the example.",
    controls: [
      "rbac-access-review",
      "rbac-unused-access",
      "auth-no-human-client-certs",
      "auth-shared-accounts",
      "auth-mfa-evidence",
    ],
    maxBytes: 8 * MAX_IMPORT_BYTES,
    example: `isComplete: true
users:
  - { name: "idp:ann@example.com", isEnabled: true, lastSignInAt: "2026-11-20T08:00:00Z" }
  - { name: "idp:ben@example.com", isEnabled: false }
groups:
  - name: "idp:platform"
    members: ["idp:ann@example.com"]
`,
  },
  z.strictObject({
    isComplete: z.boolean(),
    users: z.array(z.strictObject({ name: label, isEnabled: z.boolean(), lastSignInAt: time.optional() })).max(100_000),
    groups: z.array(z.strictObject({ name: label, members: z.array(label).max(50_000) })).max(20_000),
  }),
  ({ isComplete, users, groups }, origin) => ({
    facts: {
      identityDirectory: {
        origin,
        isComplete,
        users: users.map(({ name, isEnabled, lastSignInAt }) => ({
          name,
          isEnabled,
          ...(lastSignInAt === undefined ? {} : { lastSignInAt }),
        })),
        groups,
      },
    },
  }),
);
