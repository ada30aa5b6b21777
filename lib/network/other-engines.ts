/**
 * Policies of other engines beside NetworkPolicy: which of them are a default deny for a namespace, and which may be one.
 *
 * Default deny of a direction: the policies that apply to every pod of the namespace, whatever its labels, deny what none of them
 * allows, for every pod and every address. What they allow stands on top of it, as the rules of NetworkPolicies do, unless one of
 * them allows everything to everybody.
 * - Calico and Cilium isolate the pods that a policy selects. Calico's tiers, orders and Pass are followed; what is not for pods
 *   (host endpoints: preDNAT, doNotTrack) is none.
 * - AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy isolate nobody: their Deny rules have to name everybody.
 *   For Ingress they can't name addresses outside the cluster, so that they are no default deny of it.
 * A policy that could close the namespace, and of which it isn't known whether it is carried out, or that could not be read whole,
 * is named, so that nobody takes "no NetworkPolicy" for "open" or for "closed". The policies of an engine that doesn't run may be
 * left over from before.
 */
import type { Inventory, ResourceRef } from "@/lib/inventory/inventory";
import { refKey } from "@/lib/inventory/inventory";
import type { Labels } from "@/lib/inventory/selectors";
import type { SectionName } from "@/lib/inventory/snapshot";
import { type AddressFamily, everyAddress } from "./addresses";
import { matchNamespace, type PodEndpoint, testLabels } from "./endpoints";
import { type DirectionAnswer, evaluateDirection, type Program, programOf } from "./evaluate-direction";
import type { Policy, Tri } from "./model";
import { evaluateOutside } from "./outside";
import { recognisePlugins } from "./plugins";
import type { Direction } from "./policies";
import { isEveryPort, isNoPort } from "./ports";
import { reachability, type Reachability } from "./reachability";

export interface OtherPolicies {
  /** Policies that deny the direction by default for every pod of the namespace. */
  denies: ResourceRef[];
  /** Policies that may do so: not read whole, or nobody knows whether they are carried out. */
  unparsed: ResourceRef[];
  /** Policies over every pod of the namespace that were read and are no default deny. */
  partial: ResourceRef[];
  /** Sections of other engines that could not be read; an engine that isn't installed is not one of them. */
  unreadable: { section: SectionName; message: string }[];
}

const SECTIONS = [
  "cilium-networkpolicies",
  "calico-networkpolicies",
  "cilium-clusterwidenetworkpolicies",
  "calico-globalnetworkpolicies",
  "adminnetworkpolicies",
  "baselineadminnetworkpolicies",
  "clusternetworkpolicies",
] as const satisfies readonly SectionName[];

/** True for a policy that isn't Kubernetes' own NetworkPolicy. */
export function isOfOtherEngine({ ref }: Policy): boolean {
  return !/^(networking\.k8s\.io|extensions)\//.test(ref.apiVersion);
}

/** What the engines beside NetworkPolicy say about a namespace and a direction. */
export function otherPolicies(inventory: Inventory, namespace: string, direction: Direction): OtherPolicies {
  const unreadable = unreadableEngines(inventory);
  const out: OtherPolicies = { denies: [], unparsed: [], partial: [], unreadable };
  if (isWithoutEngines(inventory)) return out;
  const network = reachability(inventory, { asWritten: true });
  const pod = network.hypotheticalPod(namespace, null);
  const found = network
    .policiesOn(pod, direction)
    // `*` stands for a section that was refused.
    .filter((policy) => isOfOtherEngine(policy) && policy.ref.name !== "*")
    .map((policy) => ({ policy, covers: coversNamespace(network, policy, namespace) }))
    .filter(({ covers }) => covers !== "no");
  if (found.length === 0) return out;

  const world: World = { pod, direction, families: familiesOf(inventory) };
  const opening = new Set(found.filter(({ policy }) => allowsEverything(world, policy)).map(({ policy }) => policy));
  const closing = found.filter(({ policy }) => !opening.has(policy));
  const sure = closing
    .filter(({ policy, covers }) => covers === "yes" && isRead(policy, direction) && isCarriedOut(inventory, policy))
    .map(({ policy }) => policy);
  if (sure.length > 0 && opening.size === 0 && closes(world, sure)) {
    out.denies = refsOf(sure);
    return out;
  }
  const all = closing.map(({ policy }) => policy);
  const unread = all.filter((policy) => !isRead(policy, direction));
  const doubtful = closes(world, all) ? all.filter((policy) => opening.size > 0 || !sure.includes(policy)) : unread;
  out.unparsed = refsOf(doubtful);
  out.partial = refsOf(found.map(({ policy }) => policy).filter((policy) => !doubtful.includes(policy)));
  return out;
}

/** Sections of other engines that could not be read. One that nobody asked for is no evidence of an engine; a refused one may hide policies. */
export function unreadableEngines(inventory: Inventory): OtherPolicies["unreadable"] {
  return SECTIONS.flatMap((section) => {
    const readable = inventory.readable(section);
    return readable.known || readable.status === "not-collected" ? [] : [{ section, message: readable.message }];
  });
}

/** No policy of another engine, whether it is valid or not. */
function isWithoutEngines(inventory: Inventory): boolean {
  const groups = /(?:^|\.)(?:cilium\.io|projectcalico\.org|policy\.networking\.k8s\.io)\//;
  return (
    SECTIONS.every((section) => inventory.list(section).length === 0) &&
    !inventory.invalid.some(({ apiVersion }) => groups.test(apiVersion))
  );
}

function refsOf(policies: readonly Policy[]): ResourceRef[] {
  return [...new Map(policies.map(({ ref }) => [refKey(ref), ref])).values()];
}

/**
 * Whether a policy applies to every pod of the namespace. `no`: to none, or to some by their labels; a narrower policy is no default.
 * Every combination of the values that its selector can tell apart is tried.
 */
function coversNamespace(network: Reachability, policy: Policy, namespace: string): Tri {
  const { namespaces, pods } = policy.appliesTo;
  const place = matchNamespace(namespaces, network.hypotheticalPod(namespace, null));
  if (place === "no" || pods.isEvery) return place;
  let choices: Labels[] = [{}];
  for (const [key, values] of pods.mentions) {
    choices = choices.flatMap((labels) => [
      labels,
      ...[...new Set([...values, OTHER_VALUE])].map((value) => ({ ...labels, [key]: value })),
    ]);
    if (choices.length > MOST_CHOICES) return "maybe";
  }
  // What a pod has because of where it lies overrules a choice.
  const isEvery = choices.every(
    (labels) => testLabels(pods, network.hypotheticalPod(namespace, labels).labels) === "yes",
  );
  return isEvery ? place : "no";
}
const OTHER_VALUE = "any-other-value";
const MOST_CHOICES = 500;

/** Whether what the policy closes was read: what it allows may go beyond ports and addresses. */
function isRead({ doubts, parts }: Policy, direction: Direction): boolean {
  const part = parts[direction];
  return (
    doubts.length === 0 &&
    part !== null &&
    part.isolates !== "maybe" &&
    part.steps.every(({ action, isCertain }) => action === "allow" || isCertain)
  );
}

/** Where no plug-in was recognised, whether anything is carried out is the question of enforcement. */
function isCarriedOut(inventory: Inventory, { index }: Policy): boolean {
  if (recognisePlugins(inventory.list("daemonsets")).length === 0) return true;
  // Both readings hold the same policies in the same order.
  return reachability(inventory).policies[index]?.appliesTo.certain === true;
}

interface World {
  pod: PodEndpoint;
  direction: Direction;
  families: readonly AddressFamily[];
}

/** Whether policies over every pod leave nothing open that none of them allows, taking each as carried out and read. */
function closes(world: World, policies: readonly Policy[]): boolean {
  const { direction } = world;
  const closing = policies.flatMap((policy): Policy[] => {
    const part = policy.parts[direction];
    if (part === null) return [];
    const steps = part.steps.filter(({ action }) => action !== "allow").map((step) => ({ ...step, isCertain: true }));
    const isolates = part.isolates === "maybe" ? "yes" : part.isolates;
    return [{ ...policy, parts: { ...policy.parts, [direction]: { isolates, steps } } }];
  });
  return answersOf(world, closing).every(({ allowed, unknown }) => isNoPort(allowed) && isNoPort(unknown));
}

/** Whether the policy by itself lets everything through, so that it closes nothing. */
function allowsEverything(world: World, policy: Policy): boolean {
  const steps = policy.parts[world.direction]?.steps ?? [];
  return (
    steps.some(({ action, isCertain }) => action === "allow" && isCertain) &&
    answersOf(world, [policy]).every(({ allowed }) => isEveryPort(allowed))
  );
}

/** What the policies say to everybody of whom nothing is known, and to every address. */
function answersOf({ pod, direction, families }: World, policies: readonly Policy[]): DirectionAnswer[] {
  const program: Program = programOf(
    direction,
    policies.map((policy) => ({ policy, selects: "yes" as const })),
  );
  const strangers = families.map((family) => {
    const stranger: PodEndpoint = {
      ...pod,
      namespace: "",
      namespaceLabels: null,
      labels: null,
      addresses: [everyAddress(family)],
    };
    return evaluateDirection(program, stranger, direction === "Ingress" ? pod : stranger, "no");
  });
  const outside = evaluateOutside(program, pod).filter(({ range }) => families.includes(range.family));
  return [...strangers, ...outside.map(({ answer }) => answer)];
}

/** The address families that pods and nodes of the cluster use; both where none is seen. */
function familiesOf(inventory: Inventory): AddressFamily[] {
  const texts = [
    ...inventory.nodes.flatMap(({ spec }) => [...(spec?.podCIDRs ?? []), spec?.podCIDR ?? ""]),
    ...inventory.livePods.flatMap(({ pod: { status } }) => [
      status?.podIP ?? "",
      ...(status?.podIPs ?? []).map(({ ip }) => ip ?? ""),
    ]),
  ].filter((text) => text !== "");
  const found = ([4, 6] as const).filter((family) => texts.some((text) => text.includes(":") === (family === 6)));
  return found.length === 0 ? [4, 6] : found;
}
