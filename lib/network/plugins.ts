/**
 * How the usual network plug-ins are recognised among the DaemonSets, and which of them enforce NetworkPolicy.
 *
 * Recognised by image repository or, where distributions replace the image by a digest of their own, by the DaemonSet's
 * namespace and name. A name alone elsewhere is no proof. Sources: each project's manifests and documentation.
 */
import type { Container, TemplatedWorkload } from "@/lib/inventory/kinds";
import { namespaceOf } from "@/lib/inventory/workloads";

/** `enforces: null`: present, and whether it enforces can't be told from the API (the text says why). */
export interface RecognisedPlugin {
  name: string;
  version: string | null;
  enforces: boolean | null;
  /** What was seen: image, flag. */
  ground: string;
  daemonSet: TemplatedWorkload;
  /** Position of the telling container. */
  containerIndex: number;
}

interface Known {
  name: string;
  image: RegExp;
  /** `namespace/name` of DaemonSets that count whatever their image. */
  daemonSets?: readonly string[];
  /** A container of this name must exist when it is recognised by DaemonSet name. */
  enforces(container: Container): { enforces: boolean | null; why: string };
}

const yes = (): { enforces: true; why: string } => ({ enforces: true, why: "enforces NetworkPolicy" });
const no = (why: string) => (): { enforces: false; why: string } => ({ enforces: false, why });

const KNOWN: readonly Known[] = [
  {
    name: "Calico",
    image: /(^|\/|-)calico-node$|(^|\/)calico\/node$|(^|\/|-)calico-node-windows$|(^|\/)calico\/node-windows$/,
    enforces: yes,
  },
  {
    name: "Cilium",
    image: /(^|\/)cilium\/cilium(-ci|-dev)?$|(^|\/)mirrored-cilium-cilium$|(^|\/)cilium$/,
    daemonSets: ["kube-system/anetd", "kube-system/cilium", "cilium/cilium"],
    enforces: (container) => {
      const mode = flagValue(container, "enable-policy");
      if (mode === "never") return { enforces: false, why: "runs with --enable-policy=never" };
      return yes();
    },
  },
  { name: "Antrea", image: /(^|\/)antrea-(agent-)?(ubuntu|ubi|windows|debian)$|(^|\/)antrea-agent$/, enforces: yes },
  {
    name: "OVN-Kubernetes",
    image: /(^|\/)ovn-(kube|kubernetes)(-[a-z]+)?$/,
    daemonSets: ["openshift-ovn-kubernetes/ovnkube-node", "ovn-kubernetes/ovnkube-node"],
    enforces: yes,
  },
  { name: "Kube-OVN", image: /(^|\/)kubeovn\/kube-ovn$/, daemonSets: ["kube-system/kube-ovn-cni"], enforces: yes },
  {
    name: "kube-router",
    image: /(^|\/)kube-router$/,
    enforces: (container) => {
      const firewall = flagValue(container, "run-firewall");
      if (firewall === "false") return { enforces: false, why: "runs with --run-firewall=false" };
      if (firewall === null) return { enforces: null, why: "its flag --run-firewall isn't in the snapshot" };
      return yes();
    },
  },
  { name: "Weave Net", image: /(^|\/)weave-npc$/, enforces: yes },
  { name: "kube-network-policies", image: /(^|\/)kube-network-policies$/, enforces: yes },
  { name: "Azure Network Policy Manager", image: /(^|\/)azure-npm$/, enforces: yes },
  {
    name: "AWS VPC CNI network policy agent",
    image: /(^|\/)(amazon\/)?aws-network-policy-agent$/,
    enforces: (container) => {
      const enabled = flagValue(container, "enable-network-policy");
      if (enabled === "true") return { enforces: true, why: "runs with --enable-network-policy=true" };
      if (enabled === null) return { enforces: null, why: "its flag --enable-network-policy isn't in the snapshot" };
      return { enforces: false, why: "runs without --enable-network-policy=true" };
    },
  },
  {
    name: "kindnet",
    image: /(^|\/)kindnetd$/,
    enforces: (container) => {
      // Its releases are called after their day: v20210326-1e038dc5.
      const day = /^v(\d{8})(-|$)/.exec(versionOf(container.image ?? "") ?? "")?.[1];
      const why = "enforces NetworkPolicy only in releases since August 2024";
      return { enforces: day !== undefined && day < "20240801" ? false : null, why };
    },
  },
  {
    name: "flannel",
    image: /(^|\/)(mirrored-)?(flannelcni-|flannel-io-|coreos-)?flannel$/,
    enforces: no("carries traffic and enforces no NetworkPolicy"),
  },
  {
    name: "AWS VPC CNI",
    image: /(^|\/)amazon-k8s-cni$/,
    enforces: no("enforces no NetworkPolicy without its network policy agent"),
  },
  {
    name: "Azure CNI",
    image: /(^|\/)azure-cns$/,
    enforces: no("enforces no NetworkPolicy without a policy engine beside it"),
  },
  {
    name: "Weave Net without its policy controller",
    image: /(^|\/)weave-kube$/,
    enforces: no("runs without weave-npc"),
  },
];

/** Every network plug-in among the DaemonSets, in list order. */
export function recognisePlugins(daemonSets: readonly TemplatedWorkload[]): RecognisedPlugin[] {
  return daemonSets.flatMap((daemonSet) => {
    const key = `${namespaceOf(daemonSet)}/${daemonSet.metadata.name}`;
    const containers = daemonSet.spec.template.spec.containers;
    return KNOWN.flatMap((known): RecognisedPlugin[] => {
      const byImage = containers.findIndex((container) => known.image.test(repositoryOf(container.image ?? "")));
      const index = byImage >= 0 ? byImage : known.daemonSets?.includes(key) ? 0 : -1;
      const container = containers[index];
      if (container === undefined) return [];
      const { enforces, why } = known.enforces(container);
      return [
        {
          name: known.name,
          version: versionOf(container.image ?? ""),
          enforces,
          ground: `DaemonSet ${key} (image ${container.image ?? "not known"}) ${why}`,
          daemonSet,
          containerIndex: index,
        },
      ];
    });
  });
}

/** `quay.io/calico/node:v3.28@sha256:…` → `quay.io/calico/node`. */
function repositoryOf(image: string): string {
  const withoutDigest = image.split("@", 1)[0] ?? "";
  const colon = withoutDigest.lastIndexOf(":");
  return colon > withoutDigest.lastIndexOf("/") ? withoutDigest.slice(0, colon) : withoutDigest;
}

function versionOf(image: string): string | null {
  const withoutDigest = image.split("@", 1)[0] ?? "";
  const colon = withoutDigest.lastIndexOf(":");
  return colon > withoutDigest.lastIndexOf("/") ? withoutDigest.slice(colon + 1) : null;
}

/** The flag's last value; undefined when absent, null when present with a redacted value, "true" for a bare flag. */
function flagValue(container: Container, name: string): string | null | undefined {
  let found: string | null | undefined;
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  words.forEach((word, i) => {
    if (word === `--${name}`) {
      const next = words[i + 1];
      found = next === undefined || next.startsWith("-") ? "true" : next;
    } else if (word.startsWith(`--${name}=`)) {
      found = word.slice(name.length + 3);
    }
    if (found === "<redacted>") found = null;
  });
  return found;
}
