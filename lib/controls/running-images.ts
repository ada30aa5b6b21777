/**
 * The images that run in the namespaces of a scope category, each build once, for controls that judge images.
 *
 * A build is known by the digest that a pod reports (`imageID`), else by the one that the reference is pinned to. Without either the
 * image is known by its reference only, and what runs isn't. A template without pods is judged by its references.
 */
import { type Inventory, type ResourceRef, refOf, type Workload } from "@/lib/inventory/inventory";
import type { Pod } from "@/lib/inventory/kinds";
import { visitContainers } from "@/lib/podsecurity";
import type { ScopeCategory } from "@/lib/scope/types";
import { parseImage } from "./image-reference";
import {
  clusterResult,
  findUndeclared,
  findUnreadable,
  invalidResults,
  noNamespaceResult,
  undeclaredNamespaces,
} from "./population";
import type { EvaluationContext, EvidencePointer, Result } from "./types";
import { specEvidence, type Verdict, WORKLOAD_SECTIONS } from "./workloads";

export interface RunningImage {
  ref: ResourceRef;
  /** As written in the first pod spec that was found. */
  reference: string;
  /** Host and path, normal form. */
  repository: string;
  /** Tags under which it was found. */
  tags: string[];
  /** Every `sha256:…` by which it is known: of the manifest that runs, of the reference, of the image's configuration. */
  digests: string[];
  /** `namespace/container` places where it runs. */
  places: { namespace: string; container: string; workload: string }[];
  /** Where it stands in pods and templates. */
  evidence: EvidencePointer[];
}

const SHA256 = /sha256:[0-9a-f]{64}$/;
const WORKLOAD_KINDS = [
  "Pod",
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
];

/** Judges every image of the categories' namespaces, with the answers for what can't be judged. */
export function judgeImages(
  context: EvaluationContext,
  categories: readonly ScopeCategory[],
  judge: (image: RunningImage) => Verdict,
): Result[] {
  const undeclared = findUndeclared(context);
  if (undeclared !== null) return [undeclared];
  const names = context.scope.inCategory(...categories);
  const open = undeclaredNamespaces(context);
  if (names.length === 0) return open.length > 0 ? open : [noNamespaceResult(categories)];
  const unreadable = findUnreadable(context, ["pods"]);
  if (unreadable !== null) return [unreadable, ...open];
  const results: Result[] = runningImages(context, names).map((image) => ({ object: image.ref, ...judge(image) }));
  results.push(...invalidResults(context, WORKLOAD_KINDS, names), ...open);
  const owners = findUnreadable(
    context,
    WORKLOAD_SECTIONS.filter((section) => section !== "pods" && section !== "namespaces"),
  );
  if (owners !== null) results.push(owners);
  if (results.length > 0) return results;
  return [
    clusterResult(
      "not-applicable",
      "no image runs in these namespaces",
      "None of the namespaces has a live pod or a workload with a template. Pods that have finished are not judged.",
    ),
  ];
}

const cache = new WeakMap<Inventory, Map<string, readonly RunningImage[]>>();

/** Every build in the namespaces, in the order of its name; looked up once per inventory. */
export function runningImages(
  { inventory }: EvaluationContext,
  namespaces: readonly string[],
): readonly RunningImage[] {
  let lists = cache.get(inventory);
  if (lists === undefined) {
    lists = new Map();
    cache.set(inventory, lists);
  }
  const key = namespaces.join(" ");
  let list = lists.get(key);
  if (list === undefined) {
    list = collectImages(inventory, namespaces);
    lists.set(key, list);
  }
  return list;
}

function collectImages(inventory: Inventory, namespaces: readonly string[]): RunningImage[] {
  const found = new Map<string, RunningImage>();
  const places = new Set<string>();
  for (const namespace of namespaces) {
    for (const workload of inventory.workloadsIn(namespace)) collect(workload, found, places);
  }
  return [...found.values()].sort((a, b) => (a.ref.name < b.ref.name ? -1 : a.ref.name > b.ref.name ? 1 : 0));
}

function collect(workload: Workload, found: Map<string, RunningImage>, places: Set<string>): void {
  for (const variant of workload.variants) {
    const own = new Set(variant.podNames);
    const pods =
      own.size === workload.pods.length ? workload.pods : workload.pods.filter((pod) => own.has(pod.metadata.name));
    for (const { container, pointer } of visitContainers(variant.spec)) {
      const reference = container.image ?? "";
      const parsed = parseImage(reference);
      const pinned = parsed?.digest ?? null;
      const running = pods.flatMap((pod) => reportedIds(pod, container.name));
      // Each reported build stands for itself; pods of one spec may run different ones under a moving tag.
      const builds: ReportedId[] = running.length > 0 ? running : [{ id: "", pod: null, pointer: "" }];
      const place = { namespace: workload.namespace, container: container.name, workload: workload.ref.name };
      for (const { id, pod, pointer: statusPointer } of builds) {
        const digests: string[] = [];
        const reported = SHA256.exec(id)?.[0];
        if (reported !== undefined) digests.push(reported);
        if (pinned !== null && pinned !== reported && SHA256.test(pinned)) digests.push(pinned);
        const repository = parsed?.repository ?? "";
        const [digest] = digests;
        const name = digest === undefined ? reference || `(container ${container.name})` : `${repository}@${digest}`;
        let image = found.get(name);
        if (image === undefined) {
          image = {
            ref: { apiVersion: "ringfence.dev/v1", kind: "Image", name },
            reference,
            repository,
            tags: [],
            digests: [],
            places: [],
            evidence: [],
          };
          found.set(name, image);
        }
        add(image.digests, ...digests);
        if (parsed?.tag != null) add(image.tags, parsed.tag);
        const key = `${name}\n${place.namespace}\n${place.container}\n${place.workload}`;
        if (!places.has(key)) image.places.push({ ...place });
        places.add(key);
        if (image.evidence.length < 20) {
          image.evidence.push(specEvidence(variant, `${pointer}/image`, reference));
          if (pod !== null) image.evidence.push({ ref: refOf(pod), pointer: statusPointer, found: id });
        }
      }
    }
  }
}

interface ReportedId {
  id: string;
  pod: Pod | null;
  pointer: string;
}
const STATUS_LISTS = ["initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"] as const;

function reportedIds(pod: Pod, container: string): ReportedId[] {
  const found: ReportedId[] = [];
  for (const list of STATUS_LISTS) {
    pod.status?.[list]?.forEach(({ name, imageID }, index) => {
      if (name === container && imageID !== undefined && SHA256.test(imageID))
        found.push({ id: imageID, pod, pointer: `/status/${list}/${index}/imageID` });
    });
  }
  return found;
}

function add(list: string[], ...items: string[]): void {
  for (const item of items) if (!list.includes(item)) list.push(item);
}

/** `used by Deployment-name (namespace)`: where the image runs, for sentences. */
export function placeWords(image: RunningImage): string {
  const words = [...new Set(image.places.map(({ namespace, workload }) => `${namespace}/${workload}`))];
  return words.length <= 4 ? words.join(", ") : `${words.slice(0, 4).join(", ")} and ${words.length - 4} more`;
}
