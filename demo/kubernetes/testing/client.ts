/** A plain HTTPS client for the tests of the simulated API: no library between the test and the protocol. */
import { request } from "node:https";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { Simulator, type SimulatorOptions } from "../simulator";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  text: string;
}

export interface Ask {
  method?: string;
  body?: unknown;
  type?: string;
  accept?: string;
  headers?: Record<string, string>;
  /** Bearer token; `null`: no credential at all. Default: the administrator's client certificate. */
  token?: string | null;
}

/** A simulator over YAML that is written down in the test. */
export async function simulatorOf(
  yaml: string,
  options: Partial<SimulatorOptions> = {},
): Promise<{ simulator: Simulator; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-simulator-test-"));
  writeFileSync(join(folder, "objects.yaml"), yaml);
  const simulator = await Simulator.start({ name: "test", folders: [folder], ...options });
  return {
    simulator,
    async stop() {
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function credentials(simulator: Simulator): { cert: Buffer; key: Buffer } {
  const { users } = parse(simulator.kubeconfig()) as { users: { user: Record<string, string> }[] };
  const { user } = users[0]!;
  return {
    cert: Buffer.from(user["client-certificate-data"]!, "base64"),
    key: Buffer.from(user["client-key-data"]!, "base64"),
  };
}

function open(simulator: Simulator, path: string, ask: Ask) {
  return request(new URL(path, simulator.url), {
    method: ask.method ?? "GET",
    ca: simulator.caPem,
    agent: false,
    ...(ask.token === undefined ? credentials(simulator) : {}),
    headers: {
      accept: ask.accept ?? "application/json",
      ...(ask.token ? { authorization: `Bearer ${ask.token}` } : {}),
      ...(ask.body === undefined ? {} : { "content-type": ask.type ?? "application/json" }),
      ...ask.headers,
    },
  });
}

export function ask(simulator: Simulator, path: string, options: Ask = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = open(simulator, path, options);
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const isJson = response.headers["content-type"]?.includes("json") ?? false;
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: isJson ? JSON.parse(text) : undefined,
          text,
        });
      });
    });
    outgoing.end(
      options.body === undefined
        ? undefined
        : typeof options.body === "string"
          ? options.body
          : JSON.stringify(options.body),
    );
  });
}

export interface WatchEvent {
  type: string;
  object: {
    kind?: string;
    code?: number;
    reason?: string;
    metadata: { name: string; resourceVersion: string; annotations?: Record<string, string> };
  };
}

/** Opens a watch. `until` resolves with all events once the condition holds; it fails after ten seconds. */
export function watchEvents(simulator: Simulator, path: string, options: Ask = {}) {
  const events: WatchEvent[] = [];
  let changed = () => {};
  const outgoing = open(simulator, path, options);
  outgoing.once("response", (response) => {
    let rest = "";
    response.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      events.push(...lines.map((line) => JSON.parse(line) as WatchEvent));
      changed();
    });
    response.on("error", () => {});
  });
  outgoing.on("error", () => {});
  outgoing.end();
  return {
    async until(condition: (events: readonly WatchEvent[]) => boolean): Promise<readonly WatchEvent[]> {
      const deadline = Date.now() + 10_000;
      while (!condition(events)) {
        if (Date.now() > deadline)
          throw new Error(
            `the watch saw only ${JSON.stringify(events.map((event) => [event.type, event.object.metadata?.name]))}`,
          );
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 200);
          changed = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      return events;
    },
    close: () => outgoing.destroy(),
  };
}
