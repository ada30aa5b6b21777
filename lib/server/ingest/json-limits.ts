/** Bounds the shape of JSON before anything parses it. */
import { RingfenceError } from "@/lib/errors";
import { WIRE_LIMITS } from "@/lib/inventory/wire";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/**
 * Refuses JSON (or lines of JSON) that nests deeper or holds a longer string than the limits allow.
 *
 * It looks at bytes only: quotes, backslashes and brackets. Whether the text is JSON at all is `JSON.parse`'s business
 * afterwards; this makes sure that parsing, redaction checks and rendering never meet a pathological shape.
 *
 * @throws RingfenceError `invalid-input`
 */
export function checkJsonLimits(
  bytes: Uint8Array,
  limits: { jsonDepth: number; stringBytes: number } = WIRE_LIMITS,
): void {
  let depth = 0;
  const length = bytes.length;
  for (let i = 0; i < length; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      const start = i + 1;
      i = start;
      for (;;) {
        const inner = bytes[i];
        // undefined: the text ends inside the string; JSON.parse will refuse it.
        if (inner === QUOTE || inner === undefined) break;
        i += inner === BACKSLASH ? 2 : 1;
      }
      if (i - start > limits.stringBytes) {
        throw new RingfenceError("invalid-input", `A string is longer than ${limits.stringBytes} bytes.`);
      }
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth++;
      if (depth > limits.jsonDepth) {
        throw new RingfenceError("invalid-input", `The JSON nests deeper than ${limits.jsonDepth} levels.`);
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--;
    }
  }
}

/**
 * Bytes → JSON value, within the limits and in valid UTF-8.
 *
 * @throws RingfenceError `invalid-input`
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  checkJsonLimits(bytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new RingfenceError("invalid-input", "The body is not valid JSON.", { cause });
  }
}
