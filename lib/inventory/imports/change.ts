/** Imports of the registers about monitoring and change: what the organization has decided or recorded. */
import { z } from "zod";
import { baseline } from "../registers/baseline";
import { changeRecord } from "../registers/change-records";
import { deploymentIdentity } from "../registers/deployment-identities";
import { environments } from "../registers/environments";
import { malwareEvaluation } from "../registers/malware-evaluations";
import { silentNamespace } from "../registers/silent-namespaces";
import { documentImport } from "./types";

const approval = `    reason: Agreed in the architecture board
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    expiresAt: 2027-09-01
`;

export const silentNamespacesImport = documentImport(
  {
    id: "silent-namespaces",
    title: "Silent namespaces",
    nature: "register",
    description: "CDE namespaces whose workloads write no log, so that silence in the store is no failure.",
    howToGet: "Kept by whoever answers for the log store.",
    controls: ["log-siem-fresh"],
    example: `silentNamespaces:\n  - namespace: cde-batch\n${approval}`,
  },
  z.strictObject({ silentNamespaces: z.array(silentNamespace).max(1000) }),
  ({ silentNamespaces }) => ({ registers: { silentNamespaces } }),
);

export const malwareEvaluationsImport = documentImport(
  {
    id: "malware-evaluations",
    title: "Evaluations of malware risk",
    nature: "register",
    description:
      "Operating systems of nodes and classes of images that were evaluated as not at risk from malware, with the risk analysis.",
    howToGet: "The evaluation that PCI DSS 5.2.3 asks for, with the targeted risk analysis of 5.2.3.1.",
    controls: ["mon-antimalware"],
    example: `evaluations:
  - nodeImages: ["Talos*"]
    imageClasses: [own applications without a shell]
    evaluatedAt: 2026-06-01
    riskAnalysis: TRA-7 in the document store
    repeatBefore: 2027-06-01
${approval}`,
  },
  z.strictObject({ evaluations: z.array(malwareEvaluation).max(100) }),
  ({ evaluations }) => ({ registers: { malwareEvaluations: evaluations } }),
);

export const changeRecordsImport = documentImport(
  {
    id: "change-records",
    title: "Change records",
    nature: "register",
    description: "Approved changes and break-glass use, to which direct changes by people in the CDE are tied.",
    howToGet: "Export from the change management system for the period of the audit log.",
    controls: ["chg-out-of-band"],
    example: `changes:
  - id: CHG-2201
    from: "2026-11-20T09:00:00Z"
    to: "2026-11-20T10:00:00Z"
    namespaces: [cde-processing]
    users: [ann@example.com]
    objects: [configmaps/limits]
${approval}`,
  },
  z.strictObject({ changes: z.array(changeRecord).max(20_000) }),
  ({ changes }) => ({ registers: { changeRecords: changes } }),
);

export const deploymentIdentitiesImport = documentImport(
  {
    id: "deployment-identities",
    title: "Deployment identities",
    nature: "register",
    description:
      "User names under which pipelines change the cluster, so that their changes are not taken for those of people.",
    howToGet: "Kept by whoever runs the pipelines; the names are those of audit events.",
    controls: ["chg-out-of-band", "chg-environment-separation"],
    example: `identities:\n  - username: pipeline-prod@example.com\n    environment: production\n${approval}`,
  },
  z.strictObject({ identities: z.array(deploymentIdentity).max(1000) }),
  ({ identities }) => ({ registers: { deploymentIdentities: identities } }),
);

export const environmentsImport = documentImport(
  {
    id: "environments",
    title: "Environments",
    nature: "register",
    description:
      "Which label tells environments apart and which of its values mean production; or that there is only production.",
    howToGet: "Kept by whoever runs the platform.",
    controls: ["chg-environment-separation"],
    example: `labelKey: environment
production: [production]
shared: [platform]
reason: One cluster for production and staging until spring
approvedBy: maria.keller@example.com
approvedAt: 2026-09-01
`,
  },
  environments,
  (entry) => ({ registers: { environments: entry } }),
);

export const baselineImport = documentImport(
  {
    id: "baseline",
    title: "Baseline",
    nature: "register",
    description: "The approved, versioned state that every cluster and every CDE namespace holds.",
    howToGet: "Written from the hardening standard or the cluster profile; upload it again with each version.",
    controls: ["chg-baseline-consistent"],
    example: `name: cde-namespace
version: "4.2"
versionLabel: baseline-version
namespaces:
  labels: { pod-security.kubernetes.io/enforce: restricted }
  defaultDeny: [ingress, egress]
  hasResourceQuota: true
  hasLimitRange: true
  roles: [viewer]
addOns:
  - { kind: DaemonSet, namespace: calico-system, name: calico-node }
flags:
  - { component: kube-apiserver, flag: profiling, value: "false" }
reason: Hardening standard 4.2
approvedBy: maria.keller@example.com
approvedAt: 2026-09-01
`,
  },
  baseline,
  (entry) => ({ registers: { baseline: entry } }),
);
