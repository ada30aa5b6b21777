/**
 * tls-internal-traffic: CDE service-to-service and database traffic is encrypted.
 *
 * Reads: Istio PeerAuthentication and DestinationRule, sidecars and ambient enrolment; Linkerd's proxy and default inbound policy;
 *   Cilium's WireGuard and IPsec switches; what the agent says about database connections (a yes or no worked out in the cluster).
 * Pass: all CDE pods of the namespace are in a mesh whose effective mode is STRICT, or the network plug-in encrypts pod traffic.
 * Fail: a mode other than STRICT (Istio's default is PERMISSIVE), a port that is set to less, a client rule that switches TLS off,
 *   a pod outside the mesh, a database connection that is not, or not surely, encrypted (sslmode disable, allow, prefer).
 * Unknown: neither a mesh nor encryption by the plug-in is visible, so that somebody has to declare how traffic is protected;
 *   sections that weren't read; no scope declared.
 * Not applicable: the CDE runs one pod or none.
 * Supporting only: inside a trusted cluster network 4.2.1 doesn't ask for encryption; logins in the clear are 8.3.2's matter.
 */
import type { ResourceRef, Workload } from "@/lib/inventory/inventory";
import { parseBooleanFlag } from "@/lib/inventory/flags";
import { allContainers, refOf } from "@/lib/inventory/inventory";
import { namespaceOf } from "@/lib/inventory/workloads";
import { renderManifest } from "./manifest";
import { type Finding, hasContainer, ISTIO_ROOT, meshFindings } from "./mesh";
import {
  findUnreadable,
  invalidResults,
  judgeNamespaces,
  namespaceRef,
  nameSome,
  noNamespaceResult,
} from "./population";
import { script, selectNamespaces } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";
import { shortReason } from "./short-reason";

const SECTIONS = ["pods", "istio-peerauthentications", "istio-destinationrules", "daemonsets"] as const;

export const tlsInternalTraffic: Control = {
  id: "tls-internal-traffic",
  title: "CDE service-to-service and database traffic is encrypted",
  severity: "medium",
  requirements: [
    {
      requirement: "4.2.1",
      kind: "supporting",
      rationale:
        "It asks for encryption over open, public networks; inside the cluster this shows how far the protection goes.",
    },
    {
      requirement: "2.2.5",
      kind: "supporting",
      rationale: "Cleartext protocols between services would have to be justified.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale: "Logins to databases without TLS send authentication data in the clear.",
    },
    {
      requirement: "1.2.6",
      kind: "supporting",
      rationale: "Cleartext between services is an insecure protocol in use.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces", ...SECTIONS],
  rule: {
    reads: "Istio, Linkerd and Cilium settings, mesh enrolment of pods, and whether database connections ask for TLS.",
    pass: "All CDE pods of the namespace are in a mesh in STRICT mode, or the network plug-in encrypts pod traffic.",
    fail: "A mode other than STRICT, a pod outside the mesh, TLS switched off by a rule, or a database connection without it.",
    unknown: "No mesh and no encryption by the plug-in is visible: somebody has to declare how traffic is protected.",
    notApplicable: "The CDE runs one pod or none.",
    why: "A mesh in STRICT mode refuses plain text, so what reaches a pod was encrypted and its sender authenticated.",
    cannotSee:
      "TLS that applications do themselves, beyond what their database settings say, and traffic past the mesh through excluded ports.",
  },
  evaluate(context) {
    const { inventory, scope } = context;
    let pods = 0;
    for (const workload of scope.inCategory("cde").flatMap((name) => inventory.workloadsIn(name))) {
      pods += Math.max(workload.pods.length, wantedPods(context, workload));
      if (pods > 1) break;
    }
    return judgeNamespaces(context, ["cde"], (namespace) => {
      const unreadable = findUnreadable(context, SECTIONS);
      const object = namespaceRef(namespace);
      if (unreadable !== null) return [{ ...unreadable, object }];
      if (pods <= 1) {
        return [
          {
            ...noNamespaceResult(["cde"]),
            object,
            reason: "the CDE runs one pod or none",
            detail: `The CDE runs ${pods} ${pods === 1 ? "pod" : "pods"}, so there is no traffic between CDE pods.`,
          },
        ];
      }
      const workloads = inventory.workloadsIn(namespace);
      if (workloads.length === 0)
        return [
          {
            status: "not-applicable",
            object,
            reason: "the namespace runs no pod",
            detail: `Namespace ${namespace} runs no pod, so it has no traffic.`,
            evidence: [],
          },
        ];
      return [
        judge(context, namespace, workloads),
        ...invalidResults(context, ["Pod"], [namespace]),
        ...invalidResults(context, ["PeerAuthentication", "DestinationRule"], [namespace, ISTIO_ROOT]),
      ];
    });
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `kubectl get peerauthentications.security.istio.io -A -o json 2>/dev/null | jq -r '.items[]|[.metadata.namespace,.metadata.name,(.spec.selector.matchLabels//{}|tojson),(.spec.mtls.mode//"UNSET"),(.spec.portLevelMtls//{}|tojson)]|@tsv'`,
      `kubectl get pods -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|select(.status.phase=="Running")|select(any((.spec.containers+(.spec.initContainers//[]))[];.name=="istio-proxy" or .name=="linkerd-proxy")|not)|"\\(.metadata.namespace)/\\(.metadata.name) no sidecar"'`,
      "# One database, from an approved place: openssl s_client -starttls postgres -connect SERVICE.NAMESPACE.svc:5432 -verify_return_error </dev/null",
    ),
    expect:
      "STRICT for the mesh or for every CDE namespace, no port that is set to less, and no pod without a sidecar (but where the namespace is enrolled in ambient mode).",
    needs: ["openssl"],
  }),
  remediate(context, result) {
    const namespace = result.object.name;
    const summary = `Enrol every pod of ${namespace} in the mesh and demand STRICT there; have database clients verify the server (sslmode=verify-full). Seen: ${result.detail}`;
    const risk =
      "Callers outside the mesh are refused under STRICT; find them in the mesh's telemetry first. verify-full needs the database's CA in the client.";
    const hasIstio =
      context.inventory.list("istio-peerauthentications").length > 0 ||
      context.inventory.workloadsIn(namespace).some((w) => hasContainer(w, "istio-proxy"));
    if (!hasIstio) return { summary, risk };
    return {
      summary,
      manifest: renderManifest({
        apiVersion: "security.istio.io/v1",
        kind: "PeerAuthentication",
        metadata: { name: "default", namespace },
        spec: { mtls: { mode: "STRICT" } },
      }),
      apply: "kubectl apply -f peer-authentication.yaml",
      risk,
    };
  },
};

/** How many pods the workload asks for; one on every node, of whose number a template knows nothing, is more than one. */
function wantedPods({ inventory }: EvaluationContext, { ref, pods }: Workload): number {
  if (ref.kind === "DaemonSet") return pods.length > 0 ? pods.length : 2;
  const section = { Deployment: "deployments", StatefulSet: "statefulsets" } as const;
  const name = ref.kind === "Deployment" || ref.kind === "StatefulSet" ? section[ref.kind] : null;
  const object =
    name === null
      ? undefined
      : inventory
          .list(name)
          .find((o) => o.metadata.name === ref.name && namespaceOf(o) === (ref.namespace ?? "default"));
  return Math.max(object?.spec.replicas ?? 1, 1);
}

function judge(context: EvaluationContext, namespace: string, workloads: readonly Workload[]): Result {
  const object = namespaceRef(namespace);
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object,
    reason: shortReason(reason),
    detail,
    evidence,
  });
  const clear = workloads.flatMap(databasesInTheClear);
  const switchedOff = destinationRulesWithoutTls(context, namespace);
  const encryption = findEncryption(context);
  const mesh = meshFindings(context, namespace, workloads);
  // Encryption by the plug-in covers what a mesh leaves open; a database login in the clear ends outside the cluster as well.
  const fails = encryption === null ? [...clear, ...switchedOff, ...mesh.fails] : clear;
  if (fails.length > 0) {
    return answer(
      "fail",
      fails[0]?.text ?? "",
      `In ${namespace}: ${nameSome(
        fails.map(({ text }) => text),
        8,
      )}.`,
      fails.map(({ evidence }) => evidence).slice(0, 20),
    );
  }
  if (encryption !== null)
    return answer("pass", encryption.text, `${encryption.text}, which covers the traffic of ${namespace}.`, [
      encryption.evidence,
    ]);
  if (mesh.name === null) {
    return answer(
      "unknown",
      "no mesh and no encryption by the network plug-in is visible",
      `${namespace} runs ${workloads.length} workloads, and neither a service mesh nor transparent encryption was found. Declare in the flow register how each flow is protected, or let a mesh do it.`,
      [],
    );
  }
  if (mesh.unknown !== null)
    return answer("unknown", mesh.unknown, `${mesh.name}: ${mesh.unknown} in ${namespace}.`, mesh.evidence);
  return answer(
    "pass",
    `${mesh.name} in STRICT mode for all pods`,
    `All ${workloads.length} workloads of ${namespace} are in ${mesh.name}, and plain text is refused.`,
    mesh.evidence,
  );
}

function databasesInTheClear(workload: Workload): Finding[] {
  return workload.variants.flatMap((variant) =>
    allContainers(variant.spec).flatMap(({ container, pointer }) =>
      container.facts?.databaseUsesTls === false
        ? [
            {
              text: `${workload.ref.name}/${container.name} connects to its database without demanding TLS`,
              evidence: {
                ref: variant.source.ref,
                pointer: `${variant.source.pointer}${pointer}/facts/databaseUsesTls`,
                found: "false",
              },
            },
          ]
        : [],
    ),
  );
}

/** Client-side rules in the namespace, or in the mesh's root namespace, that switch TLS off. */
function destinationRulesWithoutTls(context: EvaluationContext, namespace: string): Finding[] {
  return context.inventory.list("istio-destinationrules").flatMap((rule) => {
    const home = namespaceOf(rule);
    if (home !== namespace && home !== ISTIO_ROOT) return [];
    type Policy = { tls?: { mode?: string }; portLevelSettings?: { tls?: { mode?: string } }[] };
    const policy = rule.spec?.trafficPolicy as Policy | undefined;
    const subsets = (Array.isArray(rule.spec?.subsets) ? rule.spec.subsets : []) as { trafficPolicy?: Policy }[];
    const all = [policy, ...subsets.map((subset) => subset.trafficPolicy)];
    const isOff = all.some(
      (p) => p?.tls?.mode === "DISABLE" || (p?.portLevelSettings ?? []).some((port) => port.tls?.mode === "DISABLE"),
    );
    const ref: ResourceRef = refOf(rule);
    return isOff
      ? [
          {
            text: `DestinationRule ${rule.metadata.name} switches TLS off for ${String(rule.spec?.host)}`,
            evidence: { ref, pointer: "/spec/trafficPolicy" },
          },
        ]
      : [];
  });
}

/** Cilium's transparent encryption, where its switch is on the agent's command line. */
function findEncryption(context: EvaluationContext): Finding | null {
  for (const daemonSet of context.inventory.list("daemonsets")) {
    const containers = daemonSet.spec.template.spec.containers;
    for (const [i, container] of containers.entries()) {
      if (!/(^|\/)cilium(@|:|$)/.test(container.image ?? "")) continue;
      const words = (["command", "args"] as const).flatMap((field) =>
        (container[field] ?? []).map((word, at) => ({ word, pointer: `${field}/${at}` })),
      );
      for (const name of ["wireguard", "ipsec"]) {
        // The last one counts, as in every flag of it.
        const flag = words.findLast(({ word }) => word === `--enable-${name}` || word.startsWith(`--enable-${name}=`));
        if (flag === undefined || parseBooleanFlag(flag.word.split("=")[1] ?? "true") !== true) continue;
        return {
          text: `Cilium encrypts pod traffic (${flag.word})`,
          evidence: {
            ref: refOf(daemonSet),
            pointer: `/spec/template/spec/containers/${i}/${flag.pointer}`,
            found: flag.word,
          },
        };
      }
    }
  }
  return null;
}
