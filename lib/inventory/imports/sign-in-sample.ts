/** Import of a count of sign-ins, for logs that are too large to upload. */
import { z } from "zod";
import { label, time } from "./origin-fields";
import { documentImport } from "./types";

export const signInSampleImport = documentImport(
  {
    id: "sign-ins",
    title: "How people signed in",
    nature: "fact",
    description:
      "Counted from audit events or the identity provider's sign-in log: how many people came through the provider in a period, and who came another way. An uploaded audit log says the same by itself.",
    howToGet:
      'Where the audit events lie, list the distinct user names of people and their credentials, for example: jq -r \'select(.user.username|startswith("system:")|not)|[.user.username,(.user.extra["authentication.kubernetes.io/credential-id"][0]//"?")]|@tsv\' audit.log | sort -u',
    controls: ["auth-central-idp", "auth-no-human-client-certs"],
    example: `from: 2026-10-20T00:00:00Z
to: 2026-11-20T00:00:00Z
throughProvider: 14
otherwise:
  - username: kubernetes-admin
    method: client certificate
`,
  },
  z
    .strictObject({
      from: time,
      to: time,
      throughProvider: z.int().min(0),
      otherwise: z.array(z.strictObject({ username: label, method: label })).max(5000),
      undetermined: z.array(label).max(5000).optional(),
    })
    .refine(({ from, to }) => from < to, { error: "must be later than from", path: ["to"] }),
  ({ from, to, throughProvider, otherwise, undetermined }, origin) => ({
    facts: {
      signIns: {
        origin,
        from,
        to,
        throughProvider,
        otherwise,
        ...(undetermined === undefined ? {} : { undetermined }),
      },
    },
  }),
);
