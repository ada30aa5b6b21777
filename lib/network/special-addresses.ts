/** Addresses with a meaning of their own: what is not the internet, and where clouds hand out credentials. Source: IANA's registries. */
import { type AddressRange, parseAddress, parseBlock, subtractRanges } from "./addresses";

const blocks = (...texts: string[]): AddressRange[] => texts.flatMap((text) => parseBlock(text) ?? []);

/** Never routed between hosts: this host, loopback, multicast, broadcast, link-local. */
export const UNROUTED = blocks(
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "::/127",
  "fe80::/10",
  "ff00::/8",
);
/** Private and other non-public ranges. */
export const PRIVATE = blocks(
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "fc00::/7",
);

/** Cloud metadata services: whoever reaches one may get the node's credentials. */
export const METADATA_ADDRESSES: readonly { name: string; range: AddressRange }[] = [
  "169.254.169.254",
  "169.254.170.2",
  "168.63.129.16",
  "fd00:ec2::254",
].flatMap((name) => {
  const range = parseAddress(name);
  return range === null ? [] : [{ name, range }];
});

/** Wider than this many public addresses is the internet at large: a /8, or a /32 of IPv6. */
const MOST: Record<4 | 6, bigint> = { 4: 1n << 24n, 6: 1n << 96n };

/** Whether a range holds so many public addresses that it is the internet at large. */
export function isInternet(range: AddressRange): boolean {
  const publicParts = subtractRanges(range, [...UNROUTED, ...PRIVATE]);
  const count = publicParts.reduce((sum, { first, last }) => sum + last - first + 1n, 0n);
  return count > MOST[range.family];
}
