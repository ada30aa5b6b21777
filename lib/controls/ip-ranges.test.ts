import { describe, expect, it } from "vitest";
import { isOpenRange, kindOfAddress } from "./ip-ranges";

describe("kindOfAddress", () => {
  it.each(["10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1", "127.0.0.1", "169.254.1.1", "::ffff:10.0.0.1"])(
    "%s is private",
    (address) => expect(kindOfAddress(address)).toBe("private"),
  );
  it.each(["fd00::1", "fe80::1", "::1"])("%s is private", (address) => expect(kindOfAddress(address)).toBe("private"));
  it.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "::ffff:8.8.8.8"])("%s is public", (address) =>
    expect(kindOfAddress(address)).toBe("public"),
  );
  it("2001:db8::1 is routed everywhere", () => expect(kindOfAddress("2001:db8::1")).toBe("ipv6-global"));
  it.each(["", "example.com", "10.0.0.256", "1.2.3"])("%j is none", (text) =>
    expect(kindOfAddress(text)).toBe("invalid"),
  );
});

describe("isOpenRange", () => {
  it.each(["0.0.0.0/0", "0.0.0.0/1", "::/0"])("%s is open to nearly everybody", (cidr) =>
    expect(isOpenRange(cidr)).toBe(true),
  );
  it.each(["8.8.8.8", "203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32", "2001:db8::1"])("%s is not", (cidr) =>
    expect(isOpenRange(cidr)).toBe(false),
  );
});
