/**
 * node-no-public-address: CDE nodes have no public addresses.
 *
 * Reads: status.addresses of every node that runs CDE pods or belongs to the control plane, and imported records of the provider.
 * Pass: no ExternalIP that is public, every InternalIP lies in a private range, and no record names a public address.
 * Fail: a public ExternalIP or InternalIP, or a record of the provider names a public address.
 * Unknown: an IPv6 address that is routed everywhere (a firewall decides), unless a recent record says that the machine has no public
 *   address; a node without any address; nodes or pods not read.
 * Not applicable: no CDE namespace; serverless nodes.
 * Some providers don't publish a public address in the Node object: the detail says whether a record was there.
 */
import { isRecent } from "./provider-profiles";
import { type JudgedNode, judgeNodes } from "./nodes-in-scope";
import { kindOfAddress } from "./ip-ranges";
import { nameSome } from "./population";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { shortReason } from "./short-reason";

export const nodeNoPublicAddress: Control = {
  id: "node-no-public-address",
  title: "CDE nodes have no public addresses",
  severity: "high",
  requirements: [
    {
      requirement: "1.4.2",
      kind: "primary",
      rationale: "A node with a public address takes connections from untrusted networks past every ingress.",
    },
    {
      requirement: "1.4.4",
      kind: "supporting",
      rationale: "Stored account data must not lie on a system that untrusted networks reach directly.",
    },
    {
      requirement: "1.3.1",
      kind: "supporting",
      rationale: "Without a public address inbound traffic can only come through the paths that were approved.",
    },
  ],
  judges: "node",
  sections: ["nodes", "pods"],
  rule: {
    reads: "The addresses in the status of CDE and control-plane nodes, and the provider's records of their machines.",
    pass: "No public address in the status, and none in a record.",
    fail: "A public ExternalIP or InternalIP, or a public address in the provider's record.",
    unknown: "A routed IPv6 address without a record, or a node without addresses.",
    notApplicable: "No CDE namespace, or serverless nodes.",
    why: "The kubelet, node ports and SSH of a node with a public address are open to everybody, up to a firewall that nobody sees here.",
    cannotSee: "Addresses that the provider translates without telling the node: only its record shows them.",
  },
  evaluate: (context) => judgeNodes(context, (node) => judge(context, node)),
  verify: () => ({
    command: `kubectl get nodes -o json | jq -r '.items[]|. as $n|(.status.addresses//[])[]|select(.type=="ExternalIP" or .type=="InternalIP")|"\\($n.metadata.name) \\(.type) \\(.address)"'`,
    expect:
      "No ExternalIP of a public range, and InternalIP in 10/8, 172.16/12, 192.168/16, 100.64/10 or fc00::/7 only.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Move ${result.object.name} into a pool without public addresses (private subnets with a NAT gateway; GKE: private nodes; AKS: enableNodePublicIP false), drain it and delete it. ${result.detail}`,
    risk: "Images and package mirrors have to be reached through NAT or private endpoints; clients that used node ports on the public address lose them.",
  }),
};

function judge(context: EvaluationContext, { node, ref, why }: JudgedNode): Result {
  const addresses = (node.status?.addresses ?? []).map((entry, index) => ({
    ...entry,
    pointer: `/status/addresses/${index}`,
  }));
  const ips = addresses.filter(({ type }) => type === "ExternalIP" || type === "InternalIP");
  const records = (context.inventory.facts.nodeAddresses ?? []).filter(
    (record) => record.node === node.metadata.name && isRecent(record.origin, context.asOf),
  );
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    status,
    object: ref,
    reason: shortReason(reason),
    detail: `Node ${node.metadata.name} (${why}): ${detail}`,
    evidence,
  });
  const cite = (entries: typeof ips): EvidencePointer[] =>
    entries.map(({ pointer, type, address }) => ({ ref, pointer, found: `${type} ${address}` }));
  const open = ips.filter(({ address }) => kindOfAddress(address) === "public");
  const recorded = [...new Set(records.flatMap(({ publicAddresses }) => publicAddresses))];
  if (open.length > 0 || recorded.length > 0) {
    const names = [
      ...new Set([...open.map(({ type, address }) => `${type} ${address}`), ...recorded.map((a) => `recorded ${a}`)]),
    ];
    return answer("fail", `public address: ${nameSome(names, 2)}`, `it has ${nameSome(names)}.`, [
      ...cite(open),
      ...(recorded.length > 0
        ? [{ ref: CLUSTER_REF, pointer: "/facts/nodeAddresses", found: recorded.join(", ") }]
        : []),
    ]);
  }
  const routed = ips.filter(({ address }) => kindOfAddress(address) === "ipv6-global");
  if (routed.length > 0 && records.length === 0) {
    const names = nameSome(routed.map(({ address }) => address));
    return answer(
      "unknown",
      `IPv6 address ${names} is routed everywhere`,
      `${names} can be reached from everywhere unless a firewall stops it. It becomes known when the provider's record of the machine's public addresses is imported.`,
      cite(routed),
    );
  }
  const odd = ips.filter(({ address }) => kindOfAddress(address) === "invalid");
  if (ips.length === 0 || odd.length > 0) {
    return answer(
      "unknown",
      ips.length === 0 ? "the node shows no address" : `address ${odd[0]?.address ?? ""} is not an IP address`,
      "its addresses are not known. It becomes known when the node reports them, or by the provider's record.",
      cite(odd),
    );
  }
  const source =
    records.length > 0
      ? "The provider's record names none either."
      : "No record of the provider was imported; some providers don't show public addresses in the Node.";
  return answer(
    "pass",
    "private addresses only",
    `${nameSome(ips.map(({ address }) => address))} only. ${source}`,
    cite(ips),
  );
}
