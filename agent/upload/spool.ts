/**
 * Chunks that wait to be sent: compressed at once and kept on disk, so that a large cluster costs no memory.
 *
 * The file has no name from the moment it is open: when the process ends, by whatever cause, the space is free again.
 */
import { randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readSync, unlinkSync, writeSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { type PackEntry, WIRE_LIMITS } from "@/lib/inventory/wire";

interface Place extends PackEntry {
  offset: number;
}

export class Spool {
  private readonly places = new Map<string, Place>();
  private end = 0;

  private constructor(private readonly file: number) {}

  /** @param directory made when it is missing; only this user can read it */
  static create(directory: string): Spool {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const name = path.join(directory, `spool-${randomBytes(8).toString("hex")}`);
    const file = openSync(name, "wx+", 0o600);
    unlinkSync(name);
    return new Spool(file);
  }

  /** Compresses and keeps a chunk; one that is there already costs nothing. */
  add(digest: string, raw: Uint8Array): void {
    if (this.places.has(digest)) return;
    const wire = compressChunk(raw);
    let written = 0;
    while (written < wire.length) {
      written += writeSync(this.file, wire, written, wire.length - written, this.end + written);
    }
    this.places.set(digest, { digest, wireBytes: wire.length, rawBytes: raw.length, offset: this.end });
    this.end += wire.length;
  }

  entry(digest: string): PackEntry | undefined {
    const place = this.places.get(digest);
    return place && { digest, wireBytes: place.wireBytes, rawBytes: place.rawBytes };
  }

  /** The compressed chunk. @throws Error when it isn't here */
  read(digest: string): Buffer {
    const place = this.places.get(digest);
    if (place === undefined) throw new Error(`chunk ${digest} is not in the spool`);
    const wire = Buffer.allocUnsafe(place.wireBytes);
    let read = 0;
    while (read < wire.length) {
      const n = readSync(this.file, wire, read, wire.length - read, place.offset + read);
      if (n === 0) throw new Error("the spool was cut short");
      read += n;
    }
    return wire;
  }

  get totalWireBytes(): number {
    return this.end;
  }

  close(): void {
    closeSync(this.file);
  }
}

/**
 * Brotli, quality 1. A chunk that shrinks beyond the ratio a server accepts (hundreds of equal objects) is compressed again
 * with a window of 1 KiB, which can't reach from one object to the next.
 */
export function compressChunk(raw: Uint8Array): Buffer {
  const wire = brotli(raw, 18);
  return raw.length > wire.length * WIRE_LIMITS.inflateRatio ? brotli(raw, constants.BROTLI_MIN_WINDOW_BITS) : wire;
}

function brotli(raw: Uint8Array, windowBits: number): Buffer {
  return brotliCompressSync(raw, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 1,
      [constants.BROTLI_PARAM_LGWIN]: windowBits,
      [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
    },
  });
}
