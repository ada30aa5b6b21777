/** Rich raw objects of the kinds of nodes.ts for the redaction's tests; see samples.ts. */
import { meta } from "./samples-metadata";

export const NODES_SAMPLES = {
  "node-reports": {
    apiVersion: "ringfence.dev/v1",
    kind: "NodeReport",
    metadata: meta("node-reports"),
    spec: { example: "value", password: "spec-secret" },
  },
};
