/**
 * LoadBalancer Services as public entry points: what the API shows about TLS on them.
 *
 * Internal load balancers aren't public, and a controller's own Service is judged by its Ingresses, Gateways or Routes. Only AWS
 * says by annotation that the load balancer ends TLS; everything else passes through, which the API can't prove either way.
 */
import { refOf } from "@/lib/inventory/inventory";
import type { Service } from "@/lib/inventory/kinds";
import { matchesMapSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import { listIn } from "@/lib/inventory/look-ups";
import { annotatedFacing } from "./load-balancer-facing";
import { nameSome } from "./population";
import type { EvaluationContext, EvidencePointer, Result } from "./types";

/** Images of controllers whose entry points are Ingresses, Gateways or Routes: those are judged by their own objects. */
const CONTROLLER_IMAGE =
  /(?:^|[/-])(?:ingress-nginx|nginx-ingress|kubernetes-ingress|traefik|haproxy|contour|envoy|kong|istio\/proxyv2|istio\/pilot|emissary|ambassador|nginx-gateway|skipper)(?:[-:@/]|$)/;

/** One result per public LoadBalancer Service of the namespace. */
export function judgeLoadBalancers(context: EvaluationContext, namespace: string): Result[] {
  return listIn(context.inventory, "services", namespace)
    .filter((service) => service.spec.type === "LoadBalancer")
    .filter((service) => annotatedFacing(service)?.reach !== "internal")
    .filter((service) => !servesController(context, service))
    .map((service): Result => {
      const ref = { ...refOf(service), namespace };
      const annotations = service.metadata.annotations ?? {};
      const ports = (service.spec.ports ?? []).map((port) => port.port);
      const evidence: EvidencePointer[] = [{ ref, pointer: "/spec/ports", found: ports.join(", ") }];
      if (annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-cert"] !== undefined) {
        const listed = annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-ports"] ?? "*";
        const tls =
          listed === "*"
            ? ports
            : ports.filter((port) =>
                (service.spec.ports ?? []).some(
                  (p) =>
                    p.port === port &&
                    listed.split(",").some((name) => name.trim() === String(port) || name.trim() === p.name),
                ),
              );
        const open = ports.filter((port) => !tls.includes(port));
        return open.length === 0
          ? {
              status: "pass",
              object: ref,
              reason: "the load balancer ends TLS on every port",
              detail: `Service ${ref.name} makes a load balancer that ends TLS on ${ports.join(", ")}.`,
              evidence,
            }
          : {
              status: "fail",
              object: ref,
              reason: `no TLS on port ${open.join(", ")}`,
              detail: `Service ${ref.name} makes a load balancer that ends TLS on ${tls.join(", ") || "no port"} and passes ${open.join(", ")} on in the clear.`,
              evidence,
            };
      }
      return {
        status: "unknown",
        object: ref,
        reason: `a load balancer passes port ${nameSome(ports.map(String), 3)} to the pods`,
        detail: `Service ${ref.name} makes a load balancer that passes ${ports.join(", ")} on to its pods. Whether they offer TLS, or TLS ends at the provider, the API can't show; the provider's record or a connection does.`,
        evidence,
      };
    });
}

/** True when the Service selects a controller whose entry points are objects of their own. */
export function servesController(context: EvaluationContext, service: Service): boolean {
  return context.inventory.workloadsIn(namespaceOf(service)).some(
    (workload) =>
      matchesMapSelector(service.spec.selector, workload.labels) &&
      // An application with a mesh's sidecar holds a proxy too; a controller's pod holds nothing else.
      workload.variants.every(({ spec }) =>
        spec.containers.every((container) => CONTROLLER_IMAGE.test(container.image ?? "")),
      ),
  );
}
