/**
 * IP addresses and blocks in CEL, as Kubernetes' own functions take them: an IPv4 address in IPv6's clothes, a zone and a leading zero
 * are no addresses here. Source: kubernetes.io, "Common Expression Language in Kubernetes", IP address and CIDR libraries.
 */
import type { Environment } from "@marcbachmann/cel-js";
import { containsRange, parseAddress, parseBlock } from "@/lib/network/addresses";

export class Address {
  constructor(
    readonly family: 4 | 6,
    readonly number: bigint,
  ) {}
}
export class Block {
  constructor(
    readonly address: Address,
    readonly prefix: number,
  ) {}
}
/** `ip.isCanonical(…)`: a namespace in CEL, a constant with a method here. */
class AddressNamespace {}

const BITS = { 4: 32, 6: 128 } as const;

export function registerAddresses(env: Environment): void {
  env.registerType("IP", { ctor: Address, fields: {} });
  env.registerType("CIDR", { ctor: Block, fields: {} });
  env.registerType("IPNamespace", { ctor: AddressNamespace, fields: {} });
  env.registerConstant("ip", "IPNamespace", new AddressNamespace());
  registerIp(env);
  registerCidr(env);
  env.registerOperator("IP == IP", isSameAddress);
  env.registerOperator(
    "CIDR == CIDR",
    (a: Block, b: Block) => a.prefix === b.prefix && isSameAddress(a.address, b.address),
  );
}

function registerIp(env: Environment): void {
  env.registerFunction("ip(string): IP", addressOf);
  env.registerFunction("isIP(string): bool", (text: string) => find(text) !== null);
  env.registerFunction(
    "IPNamespace.isCanonical(string): bool",
    (_: AddressNamespace, text: string) => addressText(addressOf(text)) === text,
  );
  env.registerFunction("string(IP): string", addressText);
  env.registerFunction("IP.family(): int", (ip: Address) => BigInt(ip.family));
  const within = (ip: Address, ...blocks: string[]) => blocks.some((block) => holds(blockOf(block), ip));
  env.registerFunction("IP.isUnspecified(): bool", (ip: Address) => ip.number === 0n);
  const isLoopback = (ip: Address) => within(ip, "127.0.0.0/8", "::1/128");
  const isLinkLocal = (ip: Address) => within(ip, "169.254.0.0/16", "fe80::/10");
  env.registerFunction("IP.isLoopback(): bool", isLoopback);
  env.registerFunction("IP.isLinkLocalUnicast(): bool", isLinkLocal);
  env.registerFunction("IP.isLinkLocalMulticast(): bool", (ip: Address) => within(ip, "224.0.0.0/24", "ff02::/16"));
  // As Go's netip: private addresses are global unicast, the limited broadcast is not.
  env.registerFunction(
    "IP.isGlobalUnicast(): bool",
    (ip: Address) =>
      ip.number !== 0n &&
      !isLoopback(ip) &&
      !isLinkLocal(ip) &&
      !within(ip, "224.0.0.0/4", "255.255.255.255/32", "ff00::/8"),
  );
}

function registerCidr(env: Environment): void {
  env.registerFunction("cidr(string): CIDR", blockOf);
  env.registerFunction("isCIDR(string): bool", (text: string) => findBlock(text) !== null);
  env.registerFunction("string(CIDR): string", (block: Block) => `${addressText(block.address)}/${block.prefix}`);
  env.registerFunction("CIDR.containsIP(IP): bool", holds);
  env.registerFunction("CIDR.containsIP(string): bool", (block: Block, text: string) => holds(block, addressOf(text)));
  const contains = (outer: Block, inner: Block) => outer.prefix <= inner.prefix && holds(outer, inner.address);
  env.registerFunction("CIDR.containsCIDR(CIDR): bool", contains);
  env.registerFunction("CIDR.containsCIDR(string): bool", (block: Block, text: string) =>
    contains(block, blockOf(text)),
  );
  env.registerFunction("CIDR.ip(): IP", (block: Block) => block.address);
  env.registerFunction("CIDR.masked(): CIDR", masked);
  env.registerFunction("CIDR.prefixLength(): int", (block: Block) => BigInt(block.prefix));
}

function isSameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.number === b.number;
}

/** A mapped address parses as its IPv4 one: here it is refused, as Kubernetes does. */
function find(text: string): Address | null {
  const range = parseAddress(text);
  if (range === null || (range.family === 4) === text.includes(":")) return null;
  return new Address(range.family, range.first);
}
function addressOf(text: string): Address {
  const address = find(text);
  if (address === null) throw new Error(`"${text}" is no IP address`);
  return address;
}

function findBlock(text: string): Block | null {
  if (parseBlock(text) === null) return null;
  const slash = text.indexOf("/");
  const address = find(text.slice(0, slash));
  return address === null ? null : new Block(address, Number(text.slice(slash + 1)));
}
function blockOf(text: string): Block {
  const block = findBlock(text);
  if (block === null) throw new Error(`"${text}" is no CIDR block`);
  return block;
}

function masked({ address, prefix }: Block): Block {
  const free = BigInt(BITS[address.family] - prefix);
  return new Block(new Address(address.family, (address.number >> free) << free), prefix);
}
function holds(block: Block, { family, number }: Address): boolean {
  const { number: first } = masked(block).address;
  const last = first + (1n << BigInt(BITS[family] - block.prefix)) - 1n;
  return (
    block.address.family === family && containsRange({ family, first, last }, { family, first: number, last: number })
  );
}

/** RFC 5952 for IPv6: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
function addressText({ family, number }: Address): string {
  const size = family === 4 ? 8n : 16n;
  const count = family === 4 ? 4 : 8;
  const groups = Array.from(
    { length: count },
    (_, i) => (number >> (size * BigInt(count - 1 - i))) & ((1n << size) - 1n),
  );
  if (family === 4) return groups.join(".");
  let best = { start: 0, length: 0 };
  for (let start = 0; start < count; start += 1) {
    let length = 0;
    while (groups[start + length] === 0n) length += 1;
    if (length > best.length) best = { start, length };
  }
  const words = groups.map((group) => group.toString(16));
  if (best.length < 2) return words.join(":");
  return `${words.slice(0, best.start).join(":")}::${words.slice(best.start + best.length).join(":")}`;
}
