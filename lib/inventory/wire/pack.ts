/**
 * A pack: several compressed chunks in one request.
 *
 *   u32 big-endian  length of the header in bytes
 *   header          JSON [{"digest", "wireBytes", "rawBytes"}, …]
 *   chunks          each `wireBytes` long, in the header's order, one brotli stream each; nothing after the last
 *
 * The header is read before any chunk is inflated, so that a server can refuse by the declared sizes and then hold the
 * sender to them.
 */
import { z } from "zod";
import { digest } from "./digest";
import { WIRE_LIMITS } from "./protocol";

export const packEntry = z.strictObject({
  digest,
  wireBytes: z.number().int().min(1).max(WIRE_LIMITS.packBytes),
  rawBytes: z.number().int().min(1).max(WIRE_LIMITS.chunkInflatedBytes),
});
export type PackEntry = z.infer<typeof packEntry>;
const packHeader = z.array(packEntry).min(1).max(WIRE_LIMITS.packChunks);

const LENGTH_BYTES = 4;

/** Length prefix and header of a pack; the caller appends the chunks. */
export function encodePackHeader(entries: readonly PackEntry[]): Uint8Array {
  const json = new TextEncoder().encode(
    JSON.stringify(entries.map(({ digest, wireBytes, rawBytes }) => ({ digest, wireBytes, rawBytes }))),
  );
  const out = new Uint8Array(LENGTH_BYTES + json.length);
  new DataView(out.buffer).setUint32(0, json.length);
  out.set(json, LENGTH_BYTES);
  return out;
}

/** `invalid`: broken. `too-large`: a limit of WIRE_LIMITS. `short`: not enough bytes yet, `needBytes` from the start. */
export type PackHeader =
  | { ok: true; entries: PackEntry[]; bodyOffset: number; totalBytes: number }
  | { ok: false; problem: "invalid" | "too-large"; message: string }
  | { ok: false; problem: "short"; needBytes: number };

/** Reads the header of a pack from its first bytes; works on a stream's beginning as well as on the whole. */
export function decodePackHeader(bytes: Uint8Array): PackHeader {
  if (bytes.length < LENGTH_BYTES) return { ok: false, problem: "short", needBytes: LENGTH_BYTES };
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0);
  if (headerBytes > WIRE_LIMITS.packHeaderBytes) return tooLarge("the pack's header");
  const bodyOffset = LENGTH_BYTES + headerBytes;
  if (bytes.length < bodyOffset) return { ok: false, problem: "short", needBytes: bodyOffset };

  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, bodyOffset)));
  } catch {
    return { ok: false, problem: "invalid", message: "the pack's header is not JSON" };
  }
  const parsed = packHeader.safeParse(value);
  if (!parsed.success) {
    if (parsed.error.issues.every(({ code }) => code === "too_big")) return tooLarge("a chunk, or their number,");
    return { ok: false, problem: "invalid", message: "the pack's header is not a list of chunks" };
  }

  const entries = parsed.data;
  let totalBytes = bodyOffset;
  let inflated = 0;
  const seen = new Set<string>();
  for (const entry of entries) {
    if (seen.has(entry.digest)) return { ok: false, problem: "invalid", message: "a chunk is listed twice" };
    seen.add(entry.digest);
    totalBytes += entry.wireBytes;
    inflated += entry.rawBytes;
    if (entry.rawBytes > entry.wireBytes * WIRE_LIMITS.inflateRatio) return tooLarge("the ratio of a chunk");
  }
  if (totalBytes > WIRE_LIMITS.packBytes) return tooLarge("the pack");
  if (inflated > WIRE_LIMITS.packInflatedBytes) return tooLarge("the pack's contents");
  return { ok: true, entries, bodyOffset, totalBytes };
}

function tooLarge(what: string): PackHeader {
  return { ok: false, problem: "too-large", message: `${what} is larger than the protocol allows` };
}

/** Cuts a list of chunks into packs that keep every limit, in order. Each chunk alone must fit (the chunker sees to it). */
export function planPacks<E extends PackEntry>(entries: readonly E[]): E[][] {
  /** A header entry in JSON: digest, two numbers of at most 7 digits and their names. */
  const headerBytes = 128;
  const packs: E[][] = [];
  let pack: E[] = [];
  let wire = 0;
  let inflated = 0;
  for (const entry of entries) {
    const cost = entry.wireBytes + headerBytes;
    const isFull =
      wire + cost > WIRE_LIMITS.packBytes - LENGTH_BYTES - headerBytes ||
      inflated + entry.rawBytes > WIRE_LIMITS.packInflatedBytes ||
      pack.length >= WIRE_LIMITS.packChunks;
    if (isFull && pack.length > 0) {
      packs.push(pack);
      pack = [];
      wire = 0;
      inflated = 0;
    }
    pack.push(entry);
    wire += cost;
    inflated += entry.rawBytes;
  }
  if (pack.length > 0) packs.push(pack);
  return packs;
}
