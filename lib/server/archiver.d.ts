/** The part of archiver 8 that packages.ts uses; the package brings no types. */
declare module "archiver" {
  import type { Readable } from "node:stream";

  export class ZipArchive extends Readable {
    constructor(options?: { zlib?: { level?: number }; forceUTC?: boolean });
    append(source: Readable | Buffer | string, entry: { name: string; date: Date; mode: number }): this;
    finalize(): Promise<void>;
    abort(): this;
  }
}
