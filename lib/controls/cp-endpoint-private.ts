/**
 * cp-endpoint-private: The control-plane endpoint is not reachable from the open internet.
 *
 * Reads: the provider's record of the endpoint; probes from outside, made with the customer's consent; the addresses behind the
 *   Service default/kubernetes.
 * Pass: the record says that there is no public address, or names the ranges that may use it, none of them open, and no probe
 *   connected; or, without a record, every recent probe from outside failed to connect.
 * Fail: a probe connected; the record says public without a limit, or with 0.0.0.0/0 or another open range: critical. A name that is
 *   reachable from everywhere behind the provider's identity service (GKE's DNS endpoint): high.
 * Unknown: neither a record nor a probe that is at most 90 days old.
 * Not applicable: no CDE namespace.
 * A private address of the Service says nothing about a load balancer in front of it; a public one says that the API server listens on
 * it, not that a firewall lets anybody through. Ports of etcd and the kubelets on nodes are asked by node-no-public-address.
 */
import { refOf } from "@/lib/inventory/inventory";
import { isOpenRange, kindOfAddress } from "./ip-ranges";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { script } from "./prelude";
import { describeOrigin, isRecent, PROVIDER_PROFILES } from "./provider-profiles";
import { shortReason } from "./short-reason";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Result,
  type Severity,
} from "./types";

export const cpEndpointPrivate: Control = {
  id: "cp-endpoint-private",
  title: "The control-plane endpoint is not reachable from the open internet",
  severity: "critical",
  requirements: [
    {
      requirement: "1.4.2",
      kind: "primary",
      rationale:
        "Connections from untrusted networks have to be limited to what is meant for the public, and the API server is not.",
    },
    {
      requirement: "1.3.1",
      kind: "primary",
      rationale: "Inbound traffic to the system that governs the CDE has to be limited to what is needed.",
    },
    {
      requirement: "1.4.4",
      kind: "supporting",
      rationale: "Whoever takes over the API server reaches every store of account data in the cluster.",
    },
    {
      requirement: "8.4.3",
      kind: "supporting",
      rationale:
        "Remote access that starts outside the entity's network needs more than one factor; a private endpoint forces it through that path.",
    },
  ],
  judges: "cluster",
  sections: [],
  rule: {
    reads:
      "The provider's record of the endpoint, probes from outside, and the addresses behind the Service default/kubernetes.",
    pass: "No public address, or one that is limited to named ranges, and no probe from outside connected.",
    fail: "A probe connected, or the record says public without a limit or with an open range.",
    unknown: "Neither a record nor a probe that is at most 90 days old.",
    notApplicable: "No CDE namespace in this cluster.",
    why: "An API server on the internet meets every stolen token, every scan and every new weakness at once.",
    cannotSee:
      "Whether the named ranges belong to whom they should, and networks that a single probe did not come from.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      `kubectl get endpointslices -n default -o json | jq -r '.items[]|select((.metadata.labels//{})["kubernetes.io/service-name"]=="kubernetes")|.endpoints[]?.addresses[]?'`,
      `S=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'); echo "$S"`,
      "# from a host outside your networks; 000 means that nothing answered",
      `curl -sk -o /dev/null --max-time 5 -w '%{http_code}\\n' "$S/livez"`,
      "# EKS: aws eks describe-cluster --name NAME --query cluster.resourcesVpcConfig",
      "# GKE: gcloud container clusters describe NAME --format='json(privateClusterConfig,masterAuthorizedNetworksConfig,controlPlaneEndpointsConfig)'",
      "# AKS: az aks show --name NAME --resource-group GROUP --query apiServerAccessProfile",
    ),
    expect:
      "From outside 000 (no connection). The record: public access off, or limited to ranges that are yours and never 0.0.0.0/0.",
    needs: ["curl"],
  }),
  remediate: ({ inventory }, result) => {
    const how: Partial<Record<string, string>> = {
      eks: "aws eks update-cluster-config --name NAME --resources-vpc-config endpointPublicAccess=false,endpointPrivateAccess=true",
      gke: "gcloud container clusters update NAME --enable-private-endpoint --no-enable-dns-access (or --enable-master-authorized-networks with your ranges)",
      aks: "az aks update --name NAME --resource-group GROUP --api-server-authorized-ip-ranges YOUR_RANGES (a private cluster is made anew)",
    };
    return {
      summary: `Take the public address away or limit it to your own ranges: ${how[inventory.provider] ?? "put the API server's load balancer into a private network and reach it through VPN or a bastion"}. ${result.detail}`,
      risk: "Pipelines, dashboards and people outside the private network lose access; give them a path (VPN, bastion, private link) first.",
    };
  },
};

function judge(context: EvaluationContext): Result {
  const { inventory, asOf } = context;
  const record = inventory.facts.endpointRecord;
  const isCurrent = record !== undefined && isRecent(record.origin, asOf);
  const probes = (inventory.facts.endpointProbes ?? []).filter(({ origin }) => isRecent(origin, asOf));
  const evidence: EvidencePointer[] = [
    ...(isCurrent ? [{ ref: CLUSTER_REF, pointer: "/facts/endpointRecord", found: record.found }] : []),
    ...(probes.length > 0
      ? [
          {
            ref: CLUSTER_REF,
            pointer: "/facts/endpointProbes",
            found: probes.map((p) => `${p.target} from ${p.from}: ${p.outcome}`).join("; "),
          },
        ]
      : []),
    ...slicesOf(context),
  ];
  const source = isCurrent ? ` ${describeOrigin(record.origin)}` : "";
  const answer = (status: Result["status"], reason: string, detail: string, severity?: Severity): Result => ({
    ...clusterResult(status, shortReason(reason), `${detail}${source}${addressNote(context)}`),
    ...(severity === undefined ? {} : { severity }),
    evidence,
  });
  const connected = probes.filter(({ outcome }) => outcome === "connected");
  if (connected.length > 0) {
    const names = nameSome(connected.map(({ target, from }) => `${target} from ${from}`));
    return answer("fail", `reached from outside: ${names}`, `A probe from outside connected to ${names}.`, "critical");
  }
  if (!isCurrent) {
    if (probes.length === 0) {
      const old = record === undefined ? "" : ` The record of ${record.origin.collectedAt} is too old to be used.`;
      return answer(
        "unknown",
        "no record of the endpoint and no probe from outside",
        `How the API server can be reached isn't visible inside the cluster. It becomes known by ${PROVIDER_PROFILES[inventory.provider].endpoint}.${old}`,
      );
    }
    const names = nameSome(probes.map(({ target, from, outcome }) => `${target} from ${from}: ${outcome}`));
    return answer(
      "pass",
      "probes from outside could not connect",
      `No probe from outside connected (${names}). That holds for where they came from.`,
    );
  }
  const probed = probes.length > 0 ? " Probes from outside could not connect." : " No probe from outside was made.";
  if (record.isPublic) {
    const open = (record.publicRanges ?? []).filter(isOpenRange);
    if (record.publicRanges === null || record.publicRanges.length === 0 || open.length > 0) {
      const words = open.length > 0 ? `open to ${nameSome(open, 2)}` : "without a limit of ranges";
      return answer(
        "fail",
        `the endpoint is public, ${words}`,
        `The record says that the API server has a public address, ${words} (${record.found}).${probed}`,
        "critical",
      );
    }
  }
  if (record.hasIdentityGuardedName) {
    return answer(
      "fail",
      "a name of the endpoint is public, behind the provider's identity service",
      `The record says that a name of the endpoint can be reached from everywhere; the provider's identity service asks who it is before the API server does (${record.found}).${probed}`,
      "high",
    );
  }
  if (!record.isPublic)
    return answer(
      "pass",
      "no public address",
      `The record says that the API server has no public address (${record.found}).${probed}`,
    );
  const ranges = nameSome(record.publicRanges ?? []);
  return answer(
    "pass",
    `public, limited to ${ranges}`,
    `The public address is limited to ${ranges} (${record.found}).${probed}`,
  );
}

function slicesOf({ inventory }: EvaluationContext): EvidencePointer[] {
  return inventory
    .list("endpointslices")
    .filter(
      ({ metadata }) =>
        metadata.namespace === "default" && metadata.labels?.["kubernetes.io/service-name"] === "kubernetes",
    )
    .map((slice) => ({ ref: refOf(slice), pointer: "/endpoints" }));
}

/** Addresses behind the Service default/kubernetes: a remark, whichever they are. */
function addressNote({ inventory }: EvaluationContext): string {
  const addresses = inventory
    .list("endpointslices")
    .filter(
      ({ metadata }) =>
        metadata.namespace === "default" && metadata.labels?.["kubernetes.io/service-name"] === "kubernetes",
    )
    .flatMap((slice) => (Array.isArray(slice.endpoints) ? (slice.endpoints as unknown[]) : []))
    .flatMap((endpoint) => (endpoint as { addresses?: unknown } | null)?.addresses)
    .filter((address): address is string => typeof address === "string");
  const open = addresses.filter((address) => kindOfAddress(address) === "public");
  return open.length === 0
    ? ""
    : ` The API server itself listens on ${nameSome(open)}, a public address; a firewall has to stand before it.`;
}
