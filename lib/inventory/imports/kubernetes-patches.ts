/** Import of the register of Kubernetes' patch releases and ranked fixes. */
import { kubernetesPatches } from "../registers/kubernetes-patches";
import { documentImport } from "./types";

export const kubernetesPatchesImport = documentImport(
  {
    id: "kubernetes-patches",
    title: "Patch releases of Kubernetes and their fixes",
    nature: "register",
    description:
      "Which patch releases came out when, which weaknesses each fixes, and how you rank them. Used for 30 days after it was read; renew it with every round of patching.",
    howToGet:
      "Releases: https://kubernetes.io/releases/ (one page for each minor version). Fixes: https://kubernetes.io/docs/reference/issues-security/official-cve-feed/. The ranking is your own (requirement 6.3.1).",
    controls: ["ver-patch-current"],
    example: `source: kubernetes.io/releases and the official CVE feed
seenAt: 2026-11-20
releases:
  - { version: 1.35.9, releasedAt: 2026-09-15 }
fixes:
  - { id: CVE-2026-0000, ranking: high, fixedIn: [1.35.9] }
days: { high: 30, medium: 90, low: 180 }
`,
  },
  kubernetesPatches,
  (document) => ({ registers: { kubernetesPatches: document } }),
);
