import { createHash } from "node:crypto";
import { brotliCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodePackHeader, WIRE_LIMITS } from "@/lib/inventory/wire";
import { openPack } from "./pack";

function entryOf(raw: Uint8Array) {
  const wire = brotliCompressSync(raw);
  return {
    wire,
    digest: createHash("sha256").update(raw).digest("hex"),
    wireBytes: wire.byteLength,
    rawBytes: raw.byteLength,
  };
}
const packOf = (entries: ReturnType<typeof entryOf>[]) =>
  Buffer.concat([encodePackHeader(entries), ...entries.map((entry) => entry.wire)]);
async function open(body: Uint8Array): Promise<string[]> {
  const digests: string[] = [];
  for await (const chunk of openPack(body)) digests.push(chunk.digest);
  return digests;
}
const line = (text: string) => new TextEncoder().encode(`${JSON.stringify({ text })}\n`);

describe("openPack", () => {
  const first = entryOf(line("first"));
  const second = entryOf(line("second"));

  it("gives every chunk in order with its own digest", async () => {
    expect(await open(packOf([first, second]))).toEqual([first.digest, second.digest]);
  });
  it("refuses a chunk under another chunk's digest", async () => {
    await expect(open(packOf([{ ...first, digest: second.digest }]))).rejects.toMatchObject({ code: "invalid-input" });
  });
  it("refuses bytes that are missing or left over", async () => {
    const pack = packOf([first, second]);
    await expect(open(pack.subarray(0, pack.length - 1))).rejects.toMatchObject({ code: "invalid-input" });
    await expect(open(Buffer.concat([pack, Buffer.from([0])]))).rejects.toMatchObject({ code: "invalid-input" });
    await expect(open(pack.subarray(0, 3))).rejects.toMatchObject({ code: "invalid-input" });
  });
  it("refuses a header longer than the protocol's without allocating it", async () => {
    const header = Buffer.alloc(8);
    header.writeUInt32BE(WIRE_LIMITS.packHeaderBytes + 1);
    await expect(open(header)).rejects.toMatchObject({ code: "too-large" });
  });
  it("refuses a bomb that claims its true size, and one that claims less", async () => {
    const bomb = entryOf(new Uint8Array(WIRE_LIMITS.chunkInflatedBytes));
    await expect(open(packOf([bomb]))).rejects.toMatchObject({ code: "too-large" });
    await expect(open(packOf([{ ...bomb, rawBytes: 1000 }]))).rejects.toMatchObject({ code: "too-large" });
  });
});
