/**
 * Files of the node, below the folder at which they are mounted. Nothing outside that folder is ever opened: symbolic links are
 * followed by hand, absolute ones from the mounted root, and a path that leaves it is refused.
 */
import { lstat, open, readlink } from "node:fs/promises";
import path from "node:path";

/** Configuration of a control plane is small; anything larger is not configuration. */
const MAX_BYTES = 1024 * 1024;
const MAX_LINKS = 16;

export interface HostFile {
  state: "present" | "absent" | "refused";
  mode?: string;
  uid?: number;
  gid?: number;
  /** ISO 8601, UTC. */
  modifiedAt?: string;
}

export class Host {
  constructor(private readonly root: string) {}

  /** Owner and mode; the content is not opened. */
  async look(file: string): Promise<HostFile> {
    try {
      const real = await this.resolve(file);
      const found = await lstat(real);
      if (!found.isFile()) return { state: "refused" };
      return {
        state: "present",
        mode: (found.mode & 0o7777).toString(8).padStart(4, "0"),
        uid: found.uid,
        gid: found.gid,
        modifiedAt: found.mtime.toISOString(),
      };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return { state: code === "ENOENT" || code === "ENOTDIR" ? "absent" : "refused" };
    }
  }

  /** The content as text; null when it is absent, may not be read, or is no file of a plausible size. */
  async read(file: string): Promise<string | null> {
    try {
      const handle = await open(await this.resolve(file), "r");
      try {
        const found = await handle.stat();
        if (!found.isFile() || found.size > MAX_BYTES) return null;
        return await handle.readFile("utf8");
      } finally {
        await handle.close();
      }
    } catch {
      return null;
    }
  }

  /** The place below the root, component by component, so that no link leads out of it. */
  private async resolve(file: string): Promise<string> {
    let rest = file.split("/").filter((part) => part !== "" && part !== ".");
    let at = "";
    let links = 0;
    while (rest.length > 0) {
      const [part = "", ...further] = rest;
      rest = further;
      if (part === "..") {
        at = path.posix.dirname(at === "" ? "/" : at).replace(/^\/$/, "");
        continue;
      }
      const next = `${at}/${part}`;
      const found = await lstat(path.join(this.root, next));
      if (!found.isSymbolicLink()) {
        at = next;
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) throw new Error("too many symbolic links");
      const target = await readlink(path.join(this.root, next));
      rest = [...target.split("/").filter((word) => word !== "" && word !== "."), ...rest];
      if (target.startsWith("/")) at = "";
    }
    return path.join(this.root, at);
  }
}
