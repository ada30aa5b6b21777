/**
 * Whether what a provider puts before a Service or Ingress faces the internet, as far as the object shows.
 *
 * | provider | default without annotation | says otherwise |
 * | --- | --- | --- |
 * | AWS, in-tree | internet | aws-load-balancer-internal, aws-load-balancer-scheme |
 * | AWS Load Balancer Controller (class service.k8s.aws/nlb, type external or nlb-ip; Ingress class alb) | internal since 2.2, internet before | aws-load-balancer-scheme; alb.ingress.kubernetes.io/scheme |
 * | Google | internet | networking.gke.io/load-balancer-type; Ingress class gce-internal |
 * | Azure | internet | azure-load-balancer-internal |
 * | OpenStack, Oracle, IBM, Alibaba | internet | the provider's annotation |
 * | MetalLB, kube-vip and others | the address pool decides | the address that was given |
 *
 * The address that the provider reported wins over a default that differs between versions: a private one is internal.
 */
import type { KubeObject, Service } from "@/lib/inventory/kinds";
import type { Provider } from "@/lib/inventory/snapshot";
import { kindOfAddress } from "./ip-ranges";

export interface Facing {
  reach: "internet" | "internal" | "unknown";
  /** Why, for a sentence. */
  because: string;
}

const INTERNAL: readonly (readonly [key: string, value: RegExp])[] = [
  ["service.beta.kubernetes.io/aws-load-balancer-internal", /^(true|0\.0\.0\.0\/0)$/i],
  ["service.beta.kubernetes.io/aws-load-balancer-scheme", /^internal$/i],
  ["alb.ingress.kubernetes.io/scheme", /^internal$/i],
  ["service.beta.kubernetes.io/azure-load-balancer-internal", /^true$/i],
  ["networking.gke.io/load-balancer-type", /^internal$/i],
  ["cloud.google.com/load-balancer-type", /^internal$/i],
  ["service.beta.kubernetes.io/openstack-internal-load-balancer", /^true$/i],
  ["service.beta.kubernetes.io/oci-load-balancer-internal", /^true$/i],
  ["service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", /^private$/i],
  ["service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", /^intranet$/i],
];
const INTERNET: readonly (readonly [key: string, value: RegExp])[] = [
  ["service.beta.kubernetes.io/aws-load-balancer-scheme", /^internet-facing$/i],
  ["alb.ingress.kubernetes.io/scheme", /^internet-facing$/i],
  ["networking.gke.io/load-balancer-type", /^external$/i],
  ["service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", /^public$/i],
  ["service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", /^internet$/i],
];

/** What the annotations say outright, or null. */
export function annotatedFacing(object: KubeObject): Facing | null {
  const annotations = object.metadata.annotations ?? {};
  const says = (rows: typeof INTERNAL) => rows.find(([key, value]) => value.test(annotations[key] ?? ""));
  const internal = says(INTERNAL);
  if (internal !== undefined) return { reach: "internal", because: `${internal[0]} is ${annotations[internal[0]]}` };
  const internet = says(INTERNET);
  if (internet !== undefined) return { reach: "internet", because: `${internet[0]} is ${annotations[internet[0]]}` };
  return null;
}

/** Where a LoadBalancer Service can be reached from. */
export function serviceFacing(service: Service, provider: Provider): Facing {
  const annotated = annotatedFacing(service);
  if (annotated !== null) return annotated;
  const given = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
  if (given.length > 0) {
    const open = given.filter((ip) => kindOfAddress(ip) !== "private");
    return open.length === 0
      ? { reach: "internal", because: `its address ${given.join(", ")} is private` }
      : { reach: "internet", because: `its address ${open.join(", ")} is public` };
  }
  const { loadBalancerClass } = service.spec;
  const awsType = service.metadata.annotations?.["service.beta.kubernetes.io/aws-load-balancer-type"] ?? "";
  if (/^(service\.k8s\.aws|eks\.amazonaws\.com)\//.test(loadBalancerClass ?? "") || /^(external|nlb-ip)$/.test(awsType))
    return {
      reach: "unknown",
      because: "without a scheme the AWS Load Balancer Controller makes it internal or internet-facing, by version",
    };
  if (loadBalancerClass !== undefined)
    return { reach: "unknown", because: `load balancer class ${loadBalancerClass} is not one whose default is known` };
  if (provider === "eks" || provider === "gke" || provider === "aks")
    return {
      reach: "internet",
      because: `${provider.toUpperCase()} makes it internet-facing unless an annotation says otherwise`,
    };
  return { reach: "unknown", because: "no annotation says it and no address was given yet" };
}
