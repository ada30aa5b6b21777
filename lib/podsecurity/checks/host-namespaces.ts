/**
 * hostNamespaces · baseline · since 1.0
 *
 * Restricted fields: spec.hostNetwork, spec.hostPID, spec.hostIPC.
 * Allowed values: undefined, false.
 */
import type { Check } from "../check";
import { ALLOWED } from "../check";

const FIELDS = ["hostNetwork", "hostPID", "hostIPC"] as const;

export const hostNamespaces: Check = {
  id: "hostNamespaces",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ spec }) => {
        const set = FIELDS.filter((field) => spec[field] === true);
        if (set.length === 0) return ALLOWED;
        return {
          allowed: false,
          reason: "host namespaces",
          detail: set.map((field) => `${field}=true`).join(", "),
          fields: set.map((field) => ({ in: "spec", pointer: `/${field}`, found: "true" })),
        };
      },
    },
  ],
};
