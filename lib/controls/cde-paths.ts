/** The open paths between a namespace and the pods of the CDE, one of each way, without asking every pair of pods. */
import { describePorts, isNoPort } from "@/lib/network/ports";
import type { Direction } from "@/lib/network/policies";
import type { Connection, PodClass, Reachability } from "@/lib/network/reachability";
import { groundOf } from "./network-paths";
import { nameSome } from "./population";

export interface CdePath {
  from: PodClass;
  to: PodClass;
  connection: Connection;
}
/** `into` the CDE, `from` it. */
export type Way = "into" | "from";
/** The direction of the CDE pods' own policies that decide the way, and of the other end's. */
const SIDES: Record<Way, { inside: Direction; outside: Direction }> = {
  into: { inside: "Ingress", outside: "Egress" },
  from: { inside: "Egress", outside: "Ingress" },
};

/** CDE pods by whom their own policies may let through. */
interface Candidates {
  /** Those that may let through anybody. */
  open: PodClass[];
  /** By index of the class that some rule names. */
  byPeer: Map<number, PodClass[]>;
}

export class CdePaths {
  private readonly candidates: Record<Way, Candidates>;

  /** `cde`: the CDE pods that count. */
  constructor(
    private readonly network: Reachability,
    cde: readonly PodClass[],
  ) {
    this.candidates = { into: this.candidatesFor(cde, "into"), from: this.candidatesFor(cde, "from") };
  }

  /** One open path of any of the pods, or why it isn't known whether there is one; nothing when there is none. */
  find(own: readonly PodClass[], way: Way): { path: CdePath } | { doubt: string } | null {
    const { open, byPeer } = this.candidates[way];
    let doubt: string | null = null;
    for (const other of own) {
      const reached = this.network.peersOf(other, SIDES[way].outside);
      for (const targets of [byPeer.get(other.index) ?? [], open]) {
        for (const target of targets) {
          if (reached?.has(target.index) === false) continue;
          const [from, to] = way === "into" ? [other, target] : [target, other];
          const connection = this.network.between(from, to);
          if (!isNoPort(connection.allowed)) return { path: { from, to, connection } };
          if (doubt === null && !isNoPort(connection.unknown)) doubt = doubtOf(from, to, connection);
        }
      }
    }
    return doubt === null ? null : { doubt };
  }

  private candidatesFor(cde: readonly PodClass[], way: Way): Candidates {
    const found: Candidates = { open: [], byPeer: new Map() };
    for (const podClass of cde) {
      const peers = this.network.peersOf(podClass, SIDES[way].inside);
      if (peers === null) found.open.push(podClass);
      for (const peer of peers ?? []) {
        const known = found.byPeer.get(peer);
        if (known === undefined) found.byPeer.set(peer, [podClass]);
        else known.push(podClass);
      }
    }
    return found;
  }
}

function doubtOf(from: PodClass, to: PodClass, { ingress, egress }: Connection): string {
  const [first = "the policies don't decide it"] = [...ingress.doubts, ...egress.doubts];
  return `whether ${nameOfClass(from)} reaches ${nameOfClass(to)} is not known: ${first}`;
}

/** `shop/Deployment web reaches cde/Deployment api on TCP 443 (allowed by …)`. */
export function describeCdePath({ from, to, connection }: CdePath): string {
  return `${nameOfClass(from)} reaches ${nameOfClass(to)} on ${describePorts(connection.allowed)} (${groundOf(connection.ingress)})`;
}
function nameOfClass({ namespace, members }: PodClass): string {
  const names = [...new Set(members.map(({ workload }) => `${workload.ref.kind} ${workload.ref.name}`))];
  return `${namespace}/${nameSome(names, 1)}`;
}
