/** Which addresses can be reached from the internet, by the ranges that IANA set aside (RFC 1918, 6598, 3927, 4193, 4291). */

export type AddressKind = "private" | "public" | "ipv6-global" | "invalid";

/** What kind of address it is. Addresses of IPv6 that are routed everywhere are told apart: a firewall decides about them. */
export function kindOfAddress(address: string): AddressKind {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address)?.slice(1).map(Number);
  if (octets !== undefined) {
    const [a = 0, b = 0] = octets;
    if (octets.some((octet) => octet > 255)) return "invalid";
    const isPrivate =
      a === 10 ||
      a === 127 ||
      (a === 172 && b >= 16 && b <= 31) ||
      (a === 192 && b === 168) ||
      (a === 169 && b === 254) ||
      (a === 100 && b >= 64 && b <= 127);
    return isPrivate ? "private" : "public";
  }
  if (!/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address)) return "invalid";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return kindOfAddress(mapped);
  if (address === "::1" || /^f[cd]/i.test(address) || /^fe[89ab]/i.test(address)) return "private";
  return "ipv6-global";
}

/** True for a range that is open to (nearly) everybody: wider than /8 for IPv4 or /16 for IPv6, and not private. */
export function isOpenRange(cidr: string): boolean {
  const [address = "", length = ""] = cidr.split("/");
  const bits = Number(length === "" ? (address.includes(":") ? 128 : 32) : length);
  if (address.includes(":")) return bits < 16;
  return bits < 8;
}
