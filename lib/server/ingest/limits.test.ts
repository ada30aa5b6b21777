import { brotliCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readBody } from "./body";
import { inflateChunk } from "./inflate";
import { checkJsonLimits, parseJsonBytes } from "./json-limits";
import { createRateLimiter } from "./rate-limit";

const bytes = (text: string) => new TextEncoder().encode(text);
const streamOf = (chunkBytes: number, count: number, onPull: () => void) => {
  let sent = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      onPull();
      if (sent++ === count) controller.close();
      else controller.enqueue(new Uint8Array(chunkBytes));
    },
  });
};
const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  new Request("http://ringfence.test/", { method: "POST", body, headers, duplex: "half" } as RequestInit);

describe("readBody", () => {
  it("stops an endless body at the limit instead of buffering it", async () => {
    let pulls = 0;
    const request = post(streamOf(1024 * 1024, 2048, () => pulls++));
    await expect(readBody(request, 4 * 1024 * 1024)).rejects.toMatchObject({ code: "too-large" });
    expect(pulls).toBeLessThan(10);
  });
  it("refuses a large Content-Length before reading", async () => {
    let pulls = 0;
    const request = post(
      streamOf(1024, 1, () => pulls++),
      { "content-length": String(2 ** 31) },
    );
    await expect(readBody(request, 1024)).rejects.toMatchObject({ code: "too-large" });
    expect(pulls).toBeLessThanOrEqual(1);
  });
  it.each([["10"], ["3"]])("refuses a Content-Length of %s for five bytes", async (length) => {
    await expect(readBody(post("12345", { "content-length": length }), 100)).rejects.toMatchObject({
      code: "invalid-input",
    });
  });
  it("refuses an outer compression", async () => {
    await expect(readBody(post("x", { "content-encoding": "gzip" }), 100)).rejects.toMatchObject({
      code: "unsupported-media-type",
    });
  });
  it("returns the bytes", async () => {
    expect(await readBody(post("hello", { "content-length": "5" }), 5)).toEqual(bytes("hello"));
    expect((await readBody(new Request("http://ringfence.test/", { method: "POST" }), 5)).byteLength).toBe(0);
  });
});

describe("inflateChunk", () => {
  it("gives back what was compressed", async () => {
    const raw = bytes('{"a":1}\n'.repeat(20));
    expect(new Uint8Array(await inflateChunk(brotliCompressSync(raw), raw.byteLength))).toEqual(raw);
  });
  it("refuses a bomb by its claim, and one that lies about its claim", async () => {
    const bomb = brotliCompressSync(new Uint8Array(3 * 1024 * 1024));
    await expect(inflateChunk(bomb, 3 * 1024 * 1024)).rejects.toMatchObject({ code: "too-large" });
    await expect(inflateChunk(bomb, bomb.byteLength * 100)).rejects.toMatchObject({ code: "too-large" });
  });
  it("refuses fewer bytes than claimed, and what isn't brotli", async () => {
    await expect(inflateChunk(brotliCompressSync(bytes("abc")), 4)).rejects.toMatchObject({ code: "invalid-input" });
    await expect(inflateChunk(bytes("not brotli at all"), 40)).rejects.toMatchObject({ code: "invalid-input" });
  });
});

describe("checkJsonLimits", () => {
  const limits = { jsonDepth: 3, stringBytes: 5 };
  it("counts nesting outside of strings only", () => {
    expect(() => checkJsonLimits(bytes('{"a":[{"b":"[[["}]}'), limits)).not.toThrow();
    expect(() => checkJsonLimits(bytes("[[[[]]]]"), limits)).toThrow(/deeper/);
  });
  it("starts over for each line", () => {
    expect(() => checkJsonLimits(bytes("[[[]]]\n[[[]]]\n"), limits)).not.toThrow();
  });
  it("measures a string through its escapes", () => {
    expect(() => checkJsonLimits(bytes('"12345"'), limits)).not.toThrow();
    expect(() => checkJsonLimits(bytes('"\\"\\"ab"'), limits)).toThrow(/string/);
    expect(() => checkJsonLimits(bytes('"123456'), limits)).toThrow(/string/);
  });
  it("refuses invalid JSON and invalid UTF-8", () => {
    expect(() => parseJsonBytes(bytes('{"a":'))).toThrow(/valid JSON/);
    expect(() => parseJsonBytes(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(/valid JSON/);
    expect(parseJsonBytes(bytes('{"a":[1]}'))).toEqual({ a: [1] });
  });
});

describe("createRateLimiter", () => {
  it("allows the burst, then the rate, per key", () => {
    const limiter = createRateLimiter({ perSecond: 2, burst: 3 });
    expect([1, 2, 3, 4].map(() => limiter.take("a", 0))).toEqual([0, 0, 0, 1]);
    expect(limiter.take("b", 0)).toBe(0);
    expect(limiter.take("a", 500)).toBe(0);
    expect(limiter.take("a", 500)).toBe(1);
  });
  it("doesn't forget who is held back when others invent keys", () => {
    const limiter = createRateLimiter({ perSecond: 0.001, burst: 1, maxKeys: 3 });
    expect(limiter.take("attacker", 0)).toBe(0);
    expect(limiter.take("attacker", 0)).toBeGreaterThan(0);
    for (let i = 0; i < 50; i++) limiter.take(`invented-${i}`, i * 2_000_000);
    const strict = createRateLimiter({ perSecond: 0.001, burst: 2, maxKeys: 3 });
    for (let i = 0; i < 2; i++) strict.take("attacker", 0);
    for (let i = 0; i < 50; i++) strict.take(`invented-${i}`, 0);
    expect(strict.take("attacker", 0)).toBeGreaterThan(0);
  });
});
