/** Opens a pack of chunks (lib/inventory/wire/pack.ts) and believes nothing that it says about itself. */
import { createHash } from "node:crypto";
import { RingfenceError } from "@/lib/errors";
import { decodePackHeader } from "@/lib/inventory/wire";
import { inflateChunk } from "./inflate";

export interface OpenedChunk {
  /** SHA-256 of `raw`, in hexadecimal; computed here. */
  digest: string;
  /** One brotli stream, as it is stored. */
  wire: Uint8Array;
  raw: Buffer;
}

/**
 * The chunks of a pack, one at a time, so that only one is inflated at once.
 *
 * Checked before the first chunk: the header's shape, the declared sizes against the limits and against the bytes that are
 * there. Checked for each: inflated size and digest.
 *
 * @throws RingfenceError `invalid-input` or `too-large`
 */
export async function* openPack(body: Uint8Array): AsyncGenerator<OpenedChunk, void, undefined> {
  const header = decodePackHeader(body);
  if (!header.ok) {
    const message = header.problem === "short" ? "the pack ends inside its header" : header.message;
    throw new RingfenceError(header.problem === "too-large" ? "too-large" : "invalid-input", `Pack: ${message}.`);
  }
  if (header.totalBytes !== body.byteLength) {
    throw new RingfenceError("invalid-input", "Pack: its chunks are not as long as its header says.");
  }
  let offset = header.bodyOffset;
  for (const entry of header.entries) {
    const wire = body.subarray(offset, offset + entry.wireBytes);
    offset += entry.wireBytes;
    const raw = await inflateChunk(wire, entry.rawBytes);
    const digest = createHash("sha256").update(raw).digest("hex");
    if (digest !== entry.digest) {
      throw new RingfenceError("invalid-input", `Pack: a chunk's bytes are not those of its digest ${entry.digest}.`);
    }
    yield { digest, wire, raw };
  }
}
