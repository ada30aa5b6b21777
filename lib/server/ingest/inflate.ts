/** Brotli, with an end in sight. */
import { brotliDecompress } from "node:zlib";
import { RingfenceError } from "@/lib/errors";
import { WIRE_LIMITS } from "@/lib/inventory/wire";

/**
 * Inflates one chunk that says it is `rawBytes` long.
 *
 * The claim is checked against the ratio before inflating, and is then the inflater's own output limit: memory is bounded by
 * what was claimed, whatever the stream would expand to. Fewer bytes than claimed are refused as well.
 *
 * @throws RingfenceError `too-large` (ratio, or more output than claimed), `invalid-input` (not brotli, or fewer bytes)
 */
export async function inflateChunk(wire: Uint8Array, rawBytes: number): Promise<Buffer> {
  if (rawBytes > wire.byteLength * WIRE_LIMITS.inflateRatio || rawBytes > WIRE_LIMITS.chunkInflatedBytes) {
    throw new RingfenceError("too-large", `A chunk may inflate to at most ${WIRE_LIMITS.inflateRatio} times its size.`);
  }
  const raw = await new Promise<Buffer>((resolve, reject) => {
    brotliDecompress(wire, { maxOutputLength: Math.max(rawBytes, 1) }, (error, result) => {
      if (error === null) resolve(result);
      else if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
        reject(new RingfenceError("too-large", "A chunk inflates to more bytes than it says.", { cause: error }));
      } else reject(new RingfenceError("invalid-input", "A chunk is not valid brotli.", { cause: error }));
    });
  });
  if (raw.byteLength !== rawBytes) {
    throw new RingfenceError("invalid-input", "A chunk inflates to fewer bytes than it says.");
  }
  return raw;
}
