/** Import of attempts to reach the API server from outside. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const endpointProbeImport = documentImport(
  {
    id: "endpoint-probe",
    title: "Probes of the API server from outside",
    nature: "fact",
    description: "Whether somebody outside your networks could connect to the API server's address.",
    howToGet:
      "From a host outside your networks, with consent: curl -sk -o /dev/null --max-time 5 -w '%{http_code} %{errormsg}' https://ENDPOINT/livez. Any number but 000 is `connected`.",
    controls: ["cp-endpoint-private"],
    example: `probes:
  - { target: "api.example.com:6443", from: "a host at an unrelated provider", outcome: timed-out }
`,
  },
  z.strictObject({
    probes: z
      .array(z.strictObject({ target: label, from: label, outcome: z.enum(["connected", "refused", "timed-out"]) }))
      .min(1)
      .max(100),
  }),
  ({ probes }, origin) => ({ facts: { endpointProbes: probes.map((entry) => ({ origin, ...entry })) } }),
);
