/** Which addresses can be reached from the internet, by the ranges that IANA set aside (lib/network/special-addresses.ts). */
import { containsRange, parseAddress } from "@/lib/network/addresses";
import { PRIVATE, UNROUTED } from "@/lib/network/special-addresses";

export type AddressKind = "private" | "public" | "ipv6-global" | "invalid";

/** What kind of address it is. Addresses of IPv6 that are routed everywhere are told apart: a firewall decides about them. */
export function kindOfAddress(address: string): AddressKind {
  const range = parseAddress(address);
  if (range === null) return "invalid";
  if ([...PRIVATE, ...UNROUTED].some((block) => containsRange(block, range))) return "private";
  return range.family === 4 ? "public" : "ipv6-global";
}

/** True for a range that is open to (nearly) everybody: wider than /8 for IPv4 or /16 for IPv6, and not private. */
export function isOpenRange(cidr: string): boolean {
  const [address = "", length = ""] = cidr.split("/");
  const bits = Number(length === "" ? (address.includes(":") ? 128 : 32) : length);
  if (address.includes(":")) return bits < 16;
  return bits < 8;
}
