/** Import of an API server's answers to requests without credentials. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const anonymousProbeImport = documentImport(
  {
    id: "anonymous-probe",
    title: "Answers to requests without credentials",
    nature: "fact",
    description: "What each API server answers to somebody who brings no credentials, path by path.",
    howToGet:
      "For every API server: for p in /version /api /api/v1/namespaces /api/v1/secrets /apis; do printf '%s %s\\n' $p $(curl -sk -o /dev/null -w '%{http_code}' https://SERVER:6443$p); done",
    controls: ["auth-anonymous-scoped"],
    example: `servers:
  - server: https://10.0.0.10:6443
    answers:
      - { path: /version, status: 200 }
      - { path: /api/v1/secrets, status: 403 }
`,
  },
  z.strictObject({
    servers: z
      .array(
        z.strictObject({
          server: label,
          answers: z
            .array(z.strictObject({ path: z.string().startsWith("/").max(2048), status: z.int().min(100).max(599) }))
            .min(1)
            .max(200),
        }),
      )
      .min(1)
      .max(100),
  }),
  ({ servers }, origin) => ({ facts: { anonymousProbes: servers.map((probe) => ({ origin, ...probe })) } }),
);
