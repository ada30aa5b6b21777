import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { isFree } from "./stack";

/** Takes a free port of one address, asks about it, and gives it back. Null on a machine without that address. */
async function whileTaken(host: string): Promise<{ during: boolean; after: boolean } | null> {
  const server = createServer();
  const isListening = await new Promise<boolean>((settle) => {
    server.once("error", () => settle(false));
    server.listen({ port: 0, host, ipv6Only: true }, () => settle(true));
  });
  if (!isListening) return null;
  const { port } = server.address() as { port: number };
  const during = await isFree(port);
  await new Promise((closed) => server.close(closed));
  return { during, after: await isFree(port) };
}

describe("a port", () => {
  it.each(["127.0.0.1", "::1"])("that somebody holds on %s is not free, and is afterwards", async (host) => {
    const seen = await whileTaken(host);
    if (seen === null) expect(host).toBe("::1");
    else expect(seen).toEqual({ during: false, after: true });
  });
});
