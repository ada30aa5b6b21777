/** From which address a request came. */
import { isIP } from "node:net";

/**
 * The client's address: the connection's own, or, behind `hops` proxies of ours, the entry of X-Forwarded-For that the
 * outermost of them added. Entries further left come from the client and prove nothing.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | string[] | undefined,
  hops: number,
): string | null {
  const own = plain(socketAddress);
  if (hops === 0) return own;
  const entries = [forwardedFor ?? []]
    .flat()
    .join(",")
    .split(",")
    .map((entry) => plain(entry.trim()));
  return entries.at(-hops) ?? own;
}

/** IPv4 in IPv6's clothes (::ffff:192.0.2.1) counts as the same address; anything that is not an address as none. */
function plain(text: string | undefined): string | null {
  const address = text?.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "") ?? "";
  return isIP(address) === 0 ? null : address;
}
