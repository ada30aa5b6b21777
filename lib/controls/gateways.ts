/**
 * Gateway API entry points that lead into a namespace: which routes reach which listener, and whether that is encrypted.
 *
 * A route attaches to a listener of the Gateway that its parentRefs name (section and port if given), if the listener's
 * allowedRoutes let its namespace in (the Gateway's own unless said) and the host names can meet. An HTTP listener is harmless only
 * if each attached rule redirects to https and forwards nothing. Source: Gateway API v1 reference.
 */
import { type ResourceRef, refOf } from "@/lib/inventory/inventory";
import type { CustomObject, LabelSelector } from "@/lib/inventory/kinds";
import { matchesSelector } from "@/lib/inventory/selectors";
import { namespaceOf } from "@/lib/inventory/workloads";
import type { ScopeCategory } from "@/lib/scope/types";
import { nameSome } from "./population";
import type { EvaluationContext, Result } from "./types";
import { shortReason } from "./short-reason";

interface Listener {
  name: string;
  hostname?: string;
  port?: number;
  protocol: string;
  tls?: { mode?: string; certificateRefs?: unknown[] };
  allowedRoutes?: { namespaces?: { from?: string; selector?: LabelSelector } };
}
interface ParentRef {
  kind?: string;
  namespace?: string;
  name: string;
  sectionName?: string;
  port?: number;
}
interface RouteRule {
  filters?: { type: string; requestRedirect?: { scheme?: string } }[];
  backendRefs?: unknown[];
}

/**
 * Judges the Gateways of the namespace, and those of namespaces outside the categories to which its routes attach. A Gateway of
 * another judged namespace is judged there, so that each appears once.
 */
export function judgeGateways(
  context: EvaluationContext,
  namespace: string,
  categories: readonly ScopeCategory[],
): Result[] {
  const { inventory, scope } = context;
  const routes = inventory.list("gateway-httproutes");
  const judged = new Set(scope.inCategory(...categories));
  return inventory
    .list("gateway-gateways")
    .filter((gateway) => {
      const home = namespaceOf(gateway);
      if (home === namespace) return true;
      if (judged.has(home)) return false;
      const users = routes.filter(
        (route) =>
          judged.has(namespaceOf(route)) && parentsOf(route).some((parent) => isParent(parent, route, gateway)),
      );
      // Judged once, with the first namespace that uses it.
      return users.map(namespaceOf).sort()[0] === namespace;
    })
    .map((gateway) => judgeGateway(context, gateway, judged));
}

function judgeGateway(context: EvaluationContext, gateway: CustomObject, judged: ReadonlySet<string>): Result {
  const ref: ResourceRef = { ...refOf(gateway), namespace: namespaceOf(gateway) };
  const listeners = (Array.isArray(gateway.spec?.listeners) ? gateway.spec.listeners : []) as Listener[];
  const routes = context.inventory
    .list("gateway-httproutes")
    .filter((route) => judged.has(namespaceOf(route)) || namespaceOf(gateway) === namespaceOf(route));
  const fails: { text: string; pointer: string }[] = [];
  const unknowns: { text: string; pointer: string }[] = [];
  const good: string[] = [];
  listeners.forEach((listener, i) => {
    const pointer = `/spec/listeners/${i}`;
    const attached = routes.filter((route) =>
      parentsOf(route).some(
        (parent) => isParent(parent, route, gateway) && attaches(context, parent, route, gateway, listener),
      ),
    );
    switch (listener.protocol) {
      case "HTTP": {
        const open = attached.filter((route) => !redirectsOnly(route));
        const others = attachedCount(gateway, listener) - allAttached(context, gateway, listener);
        if (open.length > 0)
          fails.push({
            text: `listener ${listener.name} serves ${nameSome(open.map((route) => `HTTPRoute ${namespaceOf(route)}/${route.metadata.name}`))} over plain HTTP`,
            pointer,
          });
        else if (others > 0)
          unknowns.push({
            text: `listener ${listener.name} serves ${others} ${others === 1 ? "route" : "routes"} of other kinds (GRPCRoute) over plain HTTP`,
            pointer,
          });
        else good.push(`listener ${listener.name} ${attached.length === 0 ? "carries no route" : "only redirects"}`);
        break;
      }
      case "HTTPS":
      case "TLS":
        if (listener.tls?.mode === "Passthrough")
          unknowns.push({ text: `listener ${listener.name} passes TLS through to the pod`, pointer });
        else good.push(`listener ${listener.name} ends TLS`);
        break;
      default:
        unknowns.push({
          text: `listener ${listener.name} speaks ${listener.protocol}, in which TLS can't be seen`,
          pointer,
        });
    }
  });
  const result = (status: Result["status"], found: { text: string; pointer: string }[]): Result => ({
    status,
    object: ref,
    reason: shortReason(found[0]?.text ?? good.join("; ")),
    detail: `Gateway ${ref.name}: ${[...found.map(({ text }) => text), ...good].join("; ")}.`,
    evidence: found.length > 0 ? found.map(({ pointer }) => ({ ref, pointer })) : [{ ref, pointer: "/spec/listeners" }],
  });
  if (fails.length > 0) return result("fail", fails);
  const routesKnown = context.inventory.readable("gateway-httproutes");
  if (!routesKnown.known && listeners.some((listener) => listener.protocol === "HTTP")) {
    return result("unknown", [
      { text: `its HTTPRoutes were not read: ${routesKnown.message}`, pointer: "/spec/listeners" },
    ]);
  }
  if (unknowns.length > 0) return result("unknown", unknowns);
  return result("pass", []);
}

/** How many routes of any kind the controller says are attached to the listener; 0 where it says nothing. */
function attachedCount(gateway: CustomObject, listener: Listener): number {
  const listeners = (Array.isArray(gateway.status?.listeners) ? gateway.status.listeners : []) as {
    name?: string;
    attachedRoutes?: number;
  }[];
  return listeners.find((status) => status.name === listener.name)?.attachedRoutes ?? 0;
}

/** How many HTTPRoutes of the cluster attach to the listener, wherever they lie. */
function allAttached(context: EvaluationContext, gateway: CustomObject, listener: Listener): number {
  return context.inventory
    .list("gateway-httproutes")
    .filter((route) =>
      parentsOf(route).some(
        (parent) => isParent(parent, route, gateway) && attaches(context, parent, route, gateway, listener),
      ),
    ).length;
}

function parentsOf(route: CustomObject): ParentRef[] {
  return (Array.isArray(route.spec?.parentRefs) ? route.spec.parentRefs : []) as ParentRef[];
}

function isParent(parent: ParentRef, route: CustomObject, gateway: CustomObject): boolean {
  return (
    (parent.kind === undefined || parent.kind === "Gateway") &&
    parent.name === gateway.metadata.name &&
    (parent.namespace ?? namespaceOf(route)) === namespaceOf(gateway)
  );
}

function attaches(
  context: EvaluationContext,
  parent: ParentRef,
  route: CustomObject,
  gateway: CustomObject,
  listener: Listener,
): boolean {
  if (parent.sectionName !== undefined && parent.sectionName !== listener.name) return false;
  if (parent.port !== undefined && parent.port !== listener.port) return false;
  const { from, selector } = listener.allowedRoutes?.namespaces ?? {};
  const home = namespaceOf(route);
  if (from === "None") return false;
  if ((from ?? "Same") === "Same" && home !== namespaceOf(gateway)) return false;
  if (from === "Selector") {
    const labels = { ...context.inventory.namespaces.get(home)?.metadata.labels, "kubernetes.io/metadata.name": home };
    if (!matchesSelector(selector, labels)) return false;
  }
  const names = (Array.isArray(route.spec?.hostnames) ? route.spec.hostnames : []) as string[];
  return (
    listener.hostname === undefined ||
    listener.hostname === "" ||
    names.length === 0 ||
    names.some((name) => hostsMeet(name, listener.hostname ?? ""))
  );
}

/** Whether two host names can stand for the same host; here a wildcard covers any number of labels, as the Gateway API says. */
function hostsMeet(a: string, b: string): boolean {
  if (a === b) return true;
  const covers = (wild: string, name: string) => wild.startsWith("*.") && name.endsWith(wild.slice(1));
  return covers(a, b) || covers(b, a);
}

function redirectsOnly(route: CustomObject): boolean {
  const rules = (Array.isArray(route.spec?.rules) ? route.spec.rules : []) as RouteRule[];
  return (
    rules.length > 0 &&
    rules.every(
      (rule) =>
        (rule.backendRefs ?? []).length === 0 &&
        (rule.filters ?? []).some(
          (filter) => filter.type === "RequestRedirect" && filter.requestRedirect?.scheme === "https",
        ),
    )
  );
}
