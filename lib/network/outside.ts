/**
 * What policies allow to and from addresses outside the cluster, as ranges.
 *
 * The blocks that a pod's rules name cut each address space into cells in which every address is treated alike; each cell is
 * asked once, and neighbours with the same answer are joined. Both spaces are always covered from end to end.
 */
import { type AddressFamily, type AddressRange, everyAddress, overlaps } from "./addresses";
import type { PodEndpoint } from "./endpoints";
import type { DirectionAnswer, Program } from "./evaluate-direction";
import { evaluateDirection } from "./evaluate-direction";
import { portKey } from "./ports";

export interface OutsideAnswer {
  /** Neighbouring addresses that are treated alike. */
  range: AddressRange;
  answer: DirectionAnswer;
}

/** The answers of a program for every address, in ascending order, IPv4 first. */
export function evaluateOutside(program: Program, pod: PodEndpoint): OutsideAnswer[] {
  return ([4, 6] as const).flatMap((family) => {
    const out: OutsideAnswer[] = [];
    for (const range of cellsOf(program, family)) {
      const peer = { kind: "address", range } as const;
      const answer = evaluateDirection(program, peer, program.direction === "Ingress" ? pod : peer, "no");
      const last = out.at(-1);
      if (last !== undefined && isSame(last.answer, answer)) last.range = { ...last.range, last: range.last };
      else out.push({ range, answer });
    }
    return out;
  });
}

/** Same ports by the same rules. */
function isSame(a: DirectionAnswer, b: DirectionAnswer): boolean {
  return (
    portKey(a.allowed) === portKey(b.allowed) &&
    portKey(a.unknown) === portKey(b.unknown) &&
    a.allowedBy.length === b.allowedBy.length &&
    a.allowedBy.every((step, i) => step === b.allowedBy[i])
  );
}

function cellsOf(program: Program, family: AddressFamily): AddressRange[] {
  const all = everyAddress(family);
  const starts = new Set<bigint>([0n]);
  for (const tier of program.tiers) {
    for (const { policy } of tier.groups.flat()) {
      for (const step of policy.parts[program.direction]?.steps ?? []) {
        for (const peer of step.peers) {
          if (peer.kind !== "block") continue;
          for (const block of [peer.range, ...peer.except]) {
            if (!overlaps(block, all)) continue;
            starts.add(block.first);
            if (block.last < all.last) starts.add(block.last + 1n);
          }
        }
      }
    }
  }
  const sorted = [...starts].sort((a, b) => (a < b ? -1 : 1));
  return sorted.map((first, i) => ({ family, first, last: (sorted[i + 1] ?? all.last + 1n) - 1n }));
}
