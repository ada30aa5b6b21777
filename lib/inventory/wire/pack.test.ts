import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePackHeader, encodePackHeader, type PackEntry, planPacks } from "./pack";
import { WIRE_LIMITS } from "./protocol";

const digestOf = (n: number) => n.toString(16).padStart(64, "0");
const entry = (n: number, wireBytes = 1000, rawBytes = 10_000): PackEntry => ({
  digest: digestOf(n),
  wireBytes,
  rawBytes,
});
const raw = (header: unknown) => {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(4 + json.length);
  new DataView(bytes.buffer).setUint32(0, json.length);
  bytes.set(json, 4);
  return bytes;
};

describe("pack header", () => {
  it("comes back as it went, also out of the middle of a larger buffer", () => {
    const entries = [entry(1), entry(2, 5, 900)];
    const header = encodePackHeader(entries);
    const padded = new Uint8Array(header.length + 20);
    padded.set(header, 7);
    expect(decodePackHeader(padded.subarray(7))).toEqual({
      ok: true,
      entries,
      bodyOffset: header.length,
      totalBytes: header.length + 1005,
    });
  });

  it("says how many bytes it still needs", () => {
    const header = encodePackHeader([entry(1)]);
    expect(decodePackHeader(header.subarray(0, 3))).toEqual({ ok: false, problem: "short", needBytes: 4 });
    expect(decodePackHeader(header.subarray(0, 20))).toEqual({ ok: false, problem: "short", needBytes: header.length });
  });

  it.each([
    ["not JSON", "{", "invalid"],
    ["an empty list", [], "invalid"],
    ["an unknown field", [{ ...entry(1), path: "/etc" }], "invalid"],
    ["a chunk twice", [entry(1), entry(1)], "invalid"],
    ["an empty chunk", [entry(1, 0)], "invalid"],
    ["half a byte", [entry(1, 10.5)], "invalid"],
    ["more on the wire than allowed", [entry(1, WIRE_LIMITS.packBytes - 50)], "too-large"],
    [
      "more inflated than allowed",
      [1, 2, 3, 4, 5, 6].map((n) => entry(n, 100_000, WIRE_LIMITS.chunkInflatedBytes)),
      "too-large",
    ],
    ["a bomb", [entry(1, 10, 2001)], "too-large"],
    ["a chunk larger than any", [entry(1, 100_000, WIRE_LIMITS.chunkInflatedBytes + 1)], "too-large"],
    ["such a chunk with other faults", [{ ...entry(1, 100_000, 2 ** 40), path: "/etc" }], "invalid"],
    ["more chunks than allowed", Array.from({ length: WIRE_LIMITS.packChunks + 1 }, (_, n) => entry(n)), "too-large"],
  ])("refuses %s", (_name, header, problem) => {
    expect(decodePackHeader(raw(header))).toMatchObject({ ok: false, problem });
  });

  it("refuses a huge header before it arrives", () => {
    expect(decodePackHeader(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toMatchObject({ ok: false, problem: "too-large" });
  });

  it("never throws on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => typeof decodePackHeader(bytes).ok === "boolean"),
    );
  });
});

describe("planning packs", () => {
  it("keeps every chunk once, in order, and every pack within the limits", () => {
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 200 })), {
      maxLength: 120,
    });
    fc.assert(
      fc.property(sizes, (list) => {
        const entries = list.map(([wire, ratio], n) =>
          entry(n, wire, Math.min(wire * ratio, WIRE_LIMITS.chunkInflatedBytes)),
        );
        const packs = planPacks(entries);
        expect(packs.flat()).toEqual(entries);
        for (const pack of packs)
          expect(decodePackHeader(encodePackHeader(pack))).toMatchObject({ ok: true, entries: pack });
      }),
    );
  });

  it("plans nothing for nothing", () => {
    expect(planPacks([])).toEqual([]);
  });
});
