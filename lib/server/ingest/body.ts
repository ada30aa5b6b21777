/** Reads a request body in bounded memory. */
import { RingfenceError } from "@/lib/errors";

function tooLarge(maxBytes: number): RingfenceError {
  return new RingfenceError("too-large", `The body is larger than the ${maxBytes} bytes that this address accepts.`);
}

/**
 * The body as bytes, at most `maxBytes`.
 *
 * A `Content-Length` above the limit is refused before a byte is read. The header is not believed otherwise: bytes are
 * counted as they come in, and reading stops at the first one too many, so a body of 2 GB costs one buffer of `maxBytes`.
 * A `Content-Encoding` is refused: chunks are compressed inside their pack, where their inflation is bounded one by one, and
 * a second, outer compression would only be a way round that.
 *
 * @throws RingfenceError `too-large`, `unsupported-media-type`, `invalid-input` (length that isn't a number or isn't true)
 */
export async function readBody(request: Request, maxBytes: number): Promise<Uint8Array> {
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding.trim().toLowerCase() !== "identity") {
    throw new RingfenceError("unsupported-media-type", "A Content-Encoding is not accepted here.");
  }
  const header = request.headers.get("content-length");
  let declared: number | undefined;
  if (header !== null) {
    if (!/^\d{1,15}$/.test(header)) throw new RingfenceError("invalid-input", "Content-Length is not a number.");
    declared = Number(header);
    if (declared > maxBytes) throw tooLarge(maxBytes);
  }
  const parts: Uint8Array[] = [];
  let size = 0;
  if (request.body !== null) {
    const reader = request.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > maxBytes) {
        // Not awaited: a sender that never ends could hold the cancellation, too.
        reader.cancel().catch(() => undefined);
        throw tooLarge(maxBytes);
      }
      parts.push(value);
    }
  }
  if (declared !== undefined && declared !== size) {
    throw new RingfenceError("invalid-input", `Content-Length says ${declared} bytes, but ${size} arrived.`);
  }
  const body = new Uint8Array(size);
  let offset = 0;
  for (const part of parts) {
    body.set(part, offset);
    offset += part.byteLength;
  }
  return body;
}
