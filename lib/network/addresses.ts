/**
 * IP addresses and blocks as intervals of numbers.
 *
 * IPv4 and IPv6 are two spaces. An IPv4 address in IPv6's clothes (`::ffff:10.0.0.1`) is the IPv4 one, as it is for the kernel.
 */

export type AddressFamily = 4 | 6;
export interface AddressRange {
  family: AddressFamily;
  first: bigint;
  last: bigint;
}

const BITS: Record<AddressFamily, number> = { 4: 32, 6: 128 };
const MAPPED = 0xffffn << 32n;

/** The whole space of a family. */
export function everyAddress(family: AddressFamily): AddressRange {
  return { family, first: 0n, last: (1n << BigInt(BITS[family])) - 1n };
}

/** One address as a range, or null when the text is none. */
export function parseAddress(text: string): AddressRange | null {
  const number = text.includes(":") ? parseIPv6(text) : parseIPv4(text);
  if (number === null) return null;
  if (!text.includes(":")) return { family: 4, first: number, last: number };
  if (number >> 32n === 0xffffn) return { family: 4, first: number - MAPPED, last: number - MAPPED };
  return { family: 6, first: number, last: number };
}

/** `10.0.0.0/8` as a range (bits behind the prefix count as zero), or null when the text is no CIDR block. */
export function parseBlock(text: string): AddressRange | null {
  const slash = text.indexOf("/");
  if (slash < 0) return null;
  const prefixText = text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(prefixText)) return null;
  const isV6 = text.slice(0, slash).includes(":");
  const number = isV6 ? parseIPv6(text.slice(0, slash)) : parseIPv4(text.slice(0, slash));
  const written: AddressFamily = isV6 ? 6 : 4;
  const prefix = Number(prefixText);
  if (number === null || prefix > BITS[written]) return null;
  const free = BigInt(BITS[written] - prefix);
  const first = (number >> free) << free;
  const last = first + (1n << free) - 1n;
  if (isV6 && prefix >= 96 && first >> 32n === 0xffffn)
    return { family: 4, first: first - MAPPED, last: last - MAPPED };
  return { family: written, first, last };
}

export function containsRange(outer: AddressRange, inner: AddressRange): boolean {
  return outer.family === inner.family && outer.first <= inner.first && inner.last <= outer.last;
}
export function overlaps(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** The parts of `range` that are in none of `taken`, in ascending order. */
export function subtractRanges(range: AddressRange, taken: readonly AddressRange[]): AddressRange[] {
  let left = [range];
  for (const block of taken) {
    left = left.flatMap((part) => {
      if (!overlaps(part, block)) return [part];
      return [
        { ...part, last: block.first - 1n },
        { ...part, first: block.last + 1n },
      ].filter(({ first, last }) => first <= last);
    });
  }
  return left;
}

/** `10.0.0.0/8` where the range is one block, else `10.0.0.0-10.0.0.9`. */
export function describeRange(range: AddressRange): string {
  const size = range.last - range.first + 1n;
  const bits = size.toString(2).length - 1;
  const isBlock = size === 1n << BigInt(bits) && range.first % size === 0n;
  const first = describeAddress(range.family, range.first);
  if (isBlock) return size === 1n ? first : `${first}/${BITS[range.family] - bits}`;
  return `${first}-${describeAddress(range.family, range.last)}`;
}

/** The smallest list of CIDR blocks that covers exactly the range. */
export function blocksOf(range: AddressRange): string[] {
  const out: string[] = [];
  let at = range.first;
  while (at <= range.last) {
    let bits = 0n;
    while (
      bits < BigInt(BITS[range.family]) &&
      at % (1n << (bits + 1n)) === 0n &&
      at + (1n << (bits + 1n)) - 1n <= range.last
    )
      bits += 1n;
    out.push(`${describeAddress(range.family, at)}/${BITS[range.family] - Number(bits)}`);
    at += 1n << bits;
  }
  return out;
}

function describeAddress(family: AddressFamily, value: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".");
  const groups = Array.from({ length: 8 }, (_, i) => (value >> BigInt(112 - 16 * i)) & 0xffffn);
  // The longest run of zero groups becomes "::".
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i += 1) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === 0n) length += 1;
    if (length > best.length) best = { at: i, length };
  }
  const texts = groups.map((group) => group.toString(16));
  if (best.at < 0) return texts.join(":");
  return `${texts.slice(0, best.at).join(":")}::${texts.slice(best.at + best.length).join(":")}`;
}

function parseIPv4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    // A leading zero was octal once; Kubernetes refuses it.
    if (!/^(0|[1-9]\d{0,2})$/.test(part)) return null;
    const byte = Number(part);
    if (byte > 255) return null;
    value = value * 256 + byte;
  }
  return BigInt(value);
}

function parseIPv6(text: string): bigint | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [head, tail] = halves.map(groupsOf);
  if (head === undefined || head === null || tail === null) return null;
  if (tail === undefined) return head.length === 8 ? join(head) : null;
  const missing = 8 - head.length - tail.length;
  return missing < 1 ? null : join([...head, ...Array.from({ length: missing }, () => 0n), ...tail]);
}

/** Groups of one half; a dotted IPv4 address at the end counts as two. */
function groupsOf(half: string): bigint[] | null {
  if (half === "") return [];
  const out: bigint[] = [];
  const parts = half.split(":");
  for (const [i, part] of parts.entries()) {
    if (part.includes(".")) {
      const number = i === parts.length - 1 ? parseIPv4(part) : null;
      if (number === null) return null;
      out.push(number >> 16n, number & 0xffffn);
    } else {
      if (!/^[0-9a-f]{1,4}$/i.test(part)) return null;
      out.push(BigInt(`0x${part}`));
    }
  }
  return out;
}
function join(groups: readonly bigint[]): bigint {
  return groups.reduce((value, group) => (value << 16n) | group, 0n);
}
