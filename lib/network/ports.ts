/**
 * Sets of destination ports per protocol: what a connection may use.
 *
 * A set holds, for each of TCP, UDP and SCTP, disjoint ranges in ascending order within 1-65535; equal sets have equal texts.
 * Other protocols (ICMP) are not covered by NetworkPolicy and are not part of any answer.
 */

export const PROTOCOLS = ["TCP", "UDP", "SCTP"] as const;
export type Protocol = (typeof PROTOCOLS)[number];
export type PortRange = readonly [first: number, last: number];
export type PortSet = { readonly [P in Protocol]: readonly PortRange[] };

export const FIRST_PORT = 1;
export const LAST_PORT = 65_535;
const EVERY: readonly PortRange[] = [[FIRST_PORT, LAST_PORT]];
export const ALL_PORTS: PortSet = { TCP: EVERY, UDP: EVERY, SCTP: EVERY };
export const NO_PORTS: PortSet = { TCP: [], UDP: [], SCTP: [] };

/** The ports first to last of one protocol; empty when nothing of it is a port. */
export function portsOf(protocol: Protocol, first = FIRST_PORT, last = first): PortSet {
  const from = Math.max(first, FIRST_PORT);
  const to = Math.min(last, LAST_PORT);
  return from > to ? NO_PORTS : { ...NO_PORTS, [protocol]: [[from, to]] };
}

/** Every port of one protocol. */
export function everyPortOf(protocol: Protocol): PortSet {
  return portsOf(protocol, FIRST_PORT, LAST_PORT);
}

export function isProtocol(text: string): text is Protocol {
  return (PROTOCOLS as readonly string[]).includes(text);
}
export function isNoPort(set: PortSet): boolean {
  return set === NO_PORTS || (set.TCP.length === 0 && set.UDP.length === 0 && set.SCTP.length === 0);
}
export function isEveryPort(set: PortSet): boolean {
  return set === ALL_PORTS || (set.TCP.length === 1 && portKey(set) === portKey(ALL_PORTS));
}
export function hasPort(set: PortSet, protocol: Protocol, port: number): boolean {
  return set[protocol].some(([first, last]) => first <= port && port <= last);
}

export function unionPorts(a: PortSet, b: PortSet): PortSet {
  if (a === b || b === NO_PORTS || a === ALL_PORTS) return a;
  if (a === NO_PORTS || b === ALL_PORTS) return b;
  return combine(a, b, joined);
}
export function intersectPorts(a: PortSet, b: PortSet): PortSet {
  if (a === b || b === ALL_PORTS || a === NO_PORTS) return a;
  if (a === ALL_PORTS || b === NO_PORTS) return b;
  return combine(a, b, common);
}
/** The ports of `a` that are not in `b`. */
export function subtractPorts(a: PortSet, b: PortSet): PortSet {
  if (a === NO_PORTS || b === NO_PORTS) return a;
  if (b === ALL_PORTS || a === b) return NO_PORTS;
  return combine(a, b, without);
}
export function includesPorts(outer: PortSet, inner: PortSet): boolean {
  return isNoPort(subtractPorts(inner, outer));
}

/** Equal for equal sets. */
export function portKey(set: PortSet): string {
  return PROTOCOLS.map((protocol) => set[protocol].map(([first, last]) => `${first}-${last}`).join(",")).join("|");
}

/** `TCP 80, 8000-8100; UDP 53`, `any port` or `no port`. */
export function describePorts(set: PortSet, limit = 6): string {
  if (isNoPort(set)) return "no port";
  if (isEveryPort(set)) return "any port";
  return PROTOCOLS.filter((protocol) => set[protocol].length > 0)
    .map((protocol) => {
      const texts = set[protocol].map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`));
      const [only] = texts;
      if (only === `${FIRST_PORT}-${LAST_PORT}`) return `any ${protocol} port`;
      const rest = texts.length > limit ? ` and ${texts.length - limit} more` : "";
      return `${protocol} ${texts.slice(0, limit).join(", ")}${rest}`;
    })
    .join("; ");
}

type Ranges = readonly PortRange[];

function combine(a: PortSet, b: PortSet, how: (a: Ranges, b: Ranges) => Ranges): PortSet {
  const set = { TCP: how(a.TCP, b.TCP), UDP: how(a.UDP, b.UDP), SCTP: how(a.SCTP, b.SCTP) };
  return isNoPort(set) ? NO_PORTS : set;
}

function joined(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out: [number, number][] = [];
  for (const [first, last] of [...a, ...b].sort((x, y) => x[0] - y[0])) {
    const previous = out.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else out.push([first, last]);
  }
  return out;
}

function common(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0 || b === EVERY) return a;
  if (b.length === 0 || a === EVERY) return b;
  const out: PortRange[] = [];
  for (const [aFirst, aLast] of a) {
    for (const [bFirst, bLast] of b) {
      const first = Math.max(aFirst, bFirst);
      const last = Math.min(aLast, bLast);
      if (first <= last) out.push([first, last]);
    }
  }
  return out;
}

function without(a: Ranges, b: Ranges): Ranges {
  if (b === EVERY) return [];
  let left = a;
  for (const [bFirst, bLast] of b) {
    if (left.length === 0) return left;
    const next: PortRange[] = [];
    for (const range of left) {
      const [first, last] = range;
      if (bLast < first || last < bFirst) next.push(range);
      else {
        if (first < bFirst) next.push([first, bFirst - 1]);
        if (bLast < last) next.push([bLast + 1, last]);
      }
    }
    left = next;
  }
  return left;
}
