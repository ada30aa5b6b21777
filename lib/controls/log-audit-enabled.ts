/**
 * Kubernetes API audit logging is on for every API server.
 *
 * Reads: --audit-policy-file, --audit-log-path and --audit-webhook-config-file of every API server's static pod; on managed control
 * planes the imported provider record; on OpenShift the APIServer object's audit profile.
 * Pass: every API server has a policy and a backend; or the record shows that audit events are delivered.
 * Fail: some API server lacks the policy (then nothing is recorded) or any backend (then nothing is kept). EKS: log type `audit` is
 * off, its default. AKS: only `kube-audit-admin`, which leaves out get and list. GKE: no DATA_READ, without which reads, of
 * Secrets too, are not logged. OpenShift: profile None.
 * Unknown: the flags are not visible and nothing was imported; a control-plane node shows no API server; no scope is declared.
 * Not applicable: never in a cluster with CDE.
 */
import {
  auditFlagEvidence,
  auditFlags,
  POLICY_FILE_APPLY,
  recommendedAuditPolicy,
  recordsEvents,
} from "./audit-sources";
import type { AuditRecord } from "@/lib/inventory/imported";
import { refOf } from "@/lib/inventory/inventory";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { FLAGS, script } from "./prelude";
import { CLUSTER_REF, type Control, type EvaluationContext, type Remediation, type Result } from "./types";

export const logAuditEnabled: Control = {
  id: "log-audit-enabled",
  title: "Kubernetes API audit logging is on for every API server",
  severity: "critical",
  requirements: [
    {
      requirement: "10.2.1",
      kind: "primary",
      rationale:
        "The API server is where everybody acts on the cluster; without its audit log those actions leave no record.",
    },
    {
      requirement: "10.2.1.2",
      kind: "primary",
      rationale: "Administrators act through the API server, so its audit log is the record of what they did.",
    },
    {
      requirement: "10.2.1.6",
      kind: "supporting",
      rationale: "An API server whose audit log is off, or was switched off, is a stop of logging.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "Audit flags of every API server's static pod, or the provider's record of a managed control plane.",
    pass: "Every API server has an audit policy and a log file or webhook; or the provider delivers audit events, reads included.",
    fail: "An API server has no policy or no backend; the provider's audit log is off or leaves out reads.",
    unknown: "Flags are not visible and no provider record was imported, or a control-plane node shows no API server.",
    notApplicable: "Only in a cluster without CDE.",
    why: "A policy without a backend and a backend without a policy both record nothing; both flags on every instance show that events are made.",
    cannotSee: "What the policy records, and whether the events reach a store; other controls judge that.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      FLAGS,
      "flags kube-apiserver | grep -E -- '--audit-(policy-file|log-path|webhook-config-file)' || echo 'not visible or not set'",
      "# EKS: aws eks describe-cluster --name NAME --query cluster.logging",
      "# GKE: gcloud projects get-iam-policy PROJECT --format='json(auditConfigs)'",
      "# AKS: az monitor diagnostic-settings list --resource CLUSTER_ID",
    ),
    expect:
      "For every API server pod the policy file and a log path or webhook. On EKS the types audit and authenticator enabled; on GKE DATA_READ for container.googleapis.com; on AKS the category kube-audit.",
    needs: [],
  }),
  remediate,
};

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const flags = auditFlags(inventory);
  if (flags.visible) {
    const names = flags.servers.map((server) => server.instance.ref.name);
    const bad = flags.servers.filter((server) => !recordsEvents(server));
    const evidence = flags.servers.flatMap(auditFlagEvidence);
    if (bad.length > 0) {
      const words = bad.map((server) => {
        const lacks = [
          ...(server.hasPolicy ? [] : ["no audit policy, so no event is made"]),
          ...(server.logPath === null && !server.hasWebhook ? ["no log file and no webhook, so no event is kept"] : []),
        ];
        return `${server.instance.ref.name}: ${lacks.join("; ")}`;
      });
      return {
        ...clusterResult(
          "fail",
          `audit logging is off on ${nameSome(
            bad.map((b) => b.instance.ref.name),
            2,
          )}`,
          `${words.join(". ")}.`,
        ),
        evidence: bad.flatMap(auditFlagEvidence),
      };
    }
    if (flags.hiddenNodes.length > 0) {
      return {
        ...clusterResult(
          "unknown",
          `no API server visible on ${nameSome(flags.hiddenNodes, 2)}`,
          `Audit logging is on for ${names.join(", ")}, but the control-plane nodes ${flags.hiddenNodes.join(", ")} show no API server, so its flags are not known.`,
        ),
        evidence,
      };
    }
    const stdout = flags.servers.filter((server) => server.logPath === "-").map((server) => server.instance.ref.name);
    const note =
      stdout.length > 0
        ? ` ${stdout.join(", ")} write to standard output, where only the node's container log keeps the events.`
        : "";
    return {
      ...clusterResult(
        "pass",
        `on for ${names.length === 1 ? "the API server" : `all ${names.length} API servers`}`,
        `${names.join(", ")}: an audit policy and a place for the events are set.${note}`,
      ),
      evidence,
    };
  }
  const { auditRecord } = inventory.facts;
  if (auditRecord !== undefined) return judgeRecord(auditRecord);
  if (inventory.provider === "openshift") return judgeOpenShift(context);
  return clusterResult(
    "unknown",
    "API server flags are not visible",
    `${flags.reason}. It becomes known when the provider's record of audit logging, read from its API or uploaded, is imported.`,
  );
}

function judgeRecord(record: AuditRecord): Result {
  const source = ` Source: ${record.origin.name}, read ${record.origin.collectedAt}.`;
  const answer = (isOn: boolean, reason: string, detail: string, found: string): Result => ({
    ...clusterResult(isOn ? "pass" : "fail", reason, `${detail}${source}`),
    evidence: [{ ref: CLUSTER_REF, pointer: "/facts/auditRecord", found }],
  });
  switch (record.provider) {
    case "eks": {
      const on = record.logTypes.includes("audit");
      const authenticator = record.logTypes.includes("authenticator")
        ? ""
        : " The type authenticator, which shows how IAM identities were mapped, is off.";
      return on
        ? answer(
            true,
            "EKS delivers audit events",
            `EKS sends the control-plane log type audit to CloudWatch.${authenticator}`,
            record.logTypes.join(", "),
          )
        : answer(
            false,
            "EKS log type audit is off",
            "The EKS control-plane log type audit, which is off by default, is not enabled, so no audit event is kept.",
            record.logTypes.join(", "),
          );
    }
    case "gke":
      return record.dataAccess.includes("DATA_READ")
        ? answer(
            true,
            "GKE logs activity and reads",
            "GKE's Admin Activity log is always on, and Data Access logs include DATA_READ.",
            record.dataAccess.join(", "),
          )
        : answer(
            false,
            "GKE logs no reads (DATA_READ is off)",
            "GKE's Admin Activity log is always on, but without Data Access type DATA_READ no read is logged, of Secrets neither.",
            record.dataAccess.join(", "),
          );
    case "aks":
      if (record.categories.includes("kube-audit")) {
        return answer(
          true,
          "AKS delivers kube-audit",
          "An AKS diagnostic setting delivers the category kube-audit.",
          record.categories.join(", "),
        );
      }
      return record.categories.includes("kube-audit-admin")
        ? answer(
            false,
            "AKS kube-audit-admin leaves out reads",
            "Only the category kube-audit-admin is delivered; it leaves out get and list, so reads of Secrets are missing.",
            record.categories.join(", "),
          )
        : answer(
            false,
            "AKS delivers no audit category",
            "No AKS diagnostic setting delivers the category kube-audit.",
            record.categories.join(", "),
          );
    case "openshift":
      return judgeProfile(record.profile, [{ ref: CLUSTER_REF, pointer: "/facts/auditRecord", found: record.profile }]);
    case "other":
      return record.delivered
        ? answer(
            true,
            "the provider delivers audit events",
            "The provider's record says that audit events are delivered.",
            "delivered",
          )
        : answer(
            false,
            "the provider delivers no audit events",
            "The provider's record says that no audit events are delivered.",
            "not delivered",
          );
  }
}

function judgeOpenShift({ inventory }: EvaluationContext): Result {
  const readable = inventory.readable("openshift-apiservers");
  const object = inventory.list("openshift-apiservers").find((candidate) => candidate.metadata.name === "cluster");
  if (!readable.known || object === undefined) {
    return clusterResult(
      "unknown",
      "the APIServer object was not read",
      `OpenShift keeps the audit profile in the object APIServer cluster, which is not in the snapshot${readable.known ? "" : `: ${readable.message}`}.`,
    );
  }
  const audit = object.spec?.audit as { profile?: string } | undefined;
  const evidence = { ref: refOf(object), pointer: "/spec/audit/profile" };
  // An unset profile is Default, which records metadata of every request.
  return judgeProfile(audit?.profile || "Default", [audit?.profile ? { ...evidence, found: audit.profile } : evidence]);
}

function judgeProfile(profile: string, evidence: Result["evidence"]): Result {
  return profile === "None"
    ? {
        ...clusterResult(
          "fail",
          "OpenShift audit profile None",
          "The APIServer object sets the audit profile None, so no event is made.",
        ),
        evidence,
      }
    : {
        ...clusterResult(
          "pass",
          `OpenShift audit profile ${profile}`,
          `OpenShift's API servers record events under the audit profile ${profile}.`,
        ),
        evidence,
      };
}

function remediate({ inventory }: EvaluationContext): Remediation {
  const risk = "API servers restart one after the other; too detailed a policy fills the disk and slows the API down.";
  switch (inventory.provider) {
    case "eks":
      return {
        summary:
          'Enable the control-plane log types audit and authenticator: aws eks update-cluster-config --name NAME --logging \'{"clusterLogging":[{"types":["audit","authenticator"],"enabled":true}]}\'.',
        risk: "CloudWatch charges for the events; set the log group's retention at the same time.",
      };
    case "gke":
      return {
        summary:
          "Enable Data Access audit logs of type DATA_READ for container.googleapis.com in the project's audit configuration.",
        risk: "Cloud Logging charges for the events; exclude noisy readers by name, never by resource.",
      };
    case "aks":
      return {
        summary:
          "Create a diagnostic setting of the cluster that delivers the category kube-audit (not only kube-audit-admin).",
        risk: "Log Analytics charges for the events; kube-audit is large because it holds reads.",
      };
    case "openshift":
      return {
        summary: "Set the audit profile of the API server to Default or WriteRequestBodies.",
        manifest: renderManifest({
          apiVersion: "config.openshift.io/v1",
          kind: "APIServer",
          metadata: { name: "cluster" },
          spec: { audit: { profile: "Default" } },
        }),
        apply: "oc apply -f apiserver.yaml",
        risk,
      };
    default:
      return {
        summary:
          "Write an audit policy to every control-plane node and give the API server the flags and, because kubeadm mounts only its certificates, the volumes for policy and log. The first document is the policy file, the second the part for kubeadm's ClusterConfiguration.",
        manifest: renderManifest(recommendedAuditPolicy(), {
          apiVersion: "kubeadm.k8s.io/v1beta4",
          kind: "ClusterConfiguration",
          apiServer: {
            extraArgs: [
              { name: "audit-policy-file", value: "/etc/kubernetes/audit/policy.yaml" },
              { name: "audit-log-path", value: "/var/log/kubernetes/audit/audit.log" },
              { name: "audit-log-maxage", value: "30" },
              { name: "audit-log-maxbackup", value: "20" },
              { name: "audit-log-maxsize", value: "100" },
            ],
            extraVolumes: [
              {
                name: "audit-policy",
                hostPath: "/etc/kubernetes/audit",
                mountPath: "/etc/kubernetes/audit",
                readOnly: true,
                pathType: "DirectoryOrCreate",
              },
              {
                name: "audit-log",
                hostPath: "/var/log/kubernetes/audit",
                mountPath: "/var/log/kubernetes/audit",
                pathType: "DirectoryOrCreate",
              },
            ],
          },
        }),
        apply: `${POLICY_FILE_APPLY}; then: kubeadm init phase control-plane apiserver --config kubeadm.yaml`,
        risk,
      };
  }
}
