/**
 * Requests to the Ringfence server: signed, one at a time, repeated until they mean something.
 *
 * One at a time because the server takes sequence numbers in rising order only: two requests under way could overtake each
 * other, and the slower one would look like a replay. Every call of the protocol is idempotent, so that "sent, and no answer
 * came" is always followed by sending it again.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { z } from "zod";
import { type SignedMethod, signRequest, WIRE_LIMITS } from "@/lib/inventory/wire";
import { backoffMs, retryAfterMs, sleep } from "./backoff";
import type { Identity } from "./identity/identity";
import { loadKey, signWith } from "./identity/keys";
import { type Log, messageOf } from "./log";

export interface ServerLimits {
  timeoutMs: number;
  firstBackoffMs: number;
  longestBackoffMs: number;
  /** Attempts before a call gives up with ServerUnreachable; its caller decides whether to come back. */
  attempts: number;
}
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  timeoutMs: 60_000,
  firstBackoffMs: 1_000,
  longestBackoffMs: 120_000,
  attempts: 8,
};

/** The server could not be reached or is not able to answer now; nothing is known about the request's effect. */
export class ServerUnreachable extends Error {
  constructor(
    message: string,
    /** What the server asked for by Retry-After, in milliseconds. */
    readonly retryAfterMs: number | null,
  ) {
    super(message);
  }
}

/** The server understood and said no. `code` is one of the product's error codes, or "" when the answer had none. */
export class ServerRefused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  /** The agent is not welcome any more: revoked, removed, or its key unknown. Trying harder would not help. */
  get isFarewell(): boolean {
    return this.status === 410 || this.code === "gone";
  }
}

interface Request {
  method: SignedMethod;
  path: string;
  contentType: string;
  /** The body in pieces, and their number of bytes. Pieces may be read lazily, and again at a repetition. */
  body: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  bodyBytes: number;
  bodyDigest: string;
}

export interface ServerOptions {
  url: URL;
  caFile: string | undefined;
  limits?: Partial<ServerLimits>;
  log: Log;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Instead of the client's own number of attempts. */
  attempts?: number;
}

export class ServerClient {
  private readonly limits: ServerLimits;
  private readonly agent: http.Agent;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: ServerOptions) {
    this.limits = { ...DEFAULT_SERVER_LIMITS, ...options.limits };
    const isSecure = options.url.protocol === "https:";
    const ca = options.caFile === undefined ? undefined : readFileSync(options.caFile);
    this.agent = isSecure
      ? new https.Agent({ keepAlive: true, maxSockets: 1, ca, minVersion: "TLSv1.2" })
      : new http.Agent({ keepAlive: true, maxSockets: 1 });
  }

  close(): void {
    this.agent.destroy();
  }

  /** An unsigned JSON call: enrolment only. */
  postUnsigned<T>(path: string, body: unknown, answer: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    const request = jsonRequest("POST", path, body);
    return this.repeat(answer, { signal }, () => this.send(request, {}, signal));
  }

  postJson<T>(
    identity: Identity,
    path: string,
    body: unknown,
    answer: z.ZodType<T>,
    options: CallOptions = {},
  ): Promise<T> {
    return this.sendSigned(identity, jsonRequest("POST", path, body), answer, options);
  }

  /** Signs and sends; a `replayed` answer means that our sequence numbers are behind, and is repeated above. */
  async sendSigned<T>(
    identity: Identity,
    request: Request,
    answer: z.ZodType<T>,
    options: CallOptions = {},
  ): Promise<T> {
    for (let leaps = 0; ; leaps++) {
      try {
        return await this.repeat(answer, options, () =>
          this.inTurn(async () => this.send(request, await this.signatureOf(identity, request), options.signal)),
        );
      } catch (error) {
        const isBehind = error instanceof ServerRefused && error.code === "replayed" && leaps < 24;
        if (!isBehind) throw error;
        this.options.log.warn("the server has seen higher sequence numbers; going on above them", { leaps });
        identity.skipSeq(leaps);
      }
    }
  }

  private async signatureOf(identity: Identity, request: Request): Promise<Record<string, string>> {
    const { identity: known, privateKey } = identity.state;
    if (known === null) throw new Error("the agent is not enrolled");
    const key = loadKey(privateKey);
    const seq = await identity.takeSeq();
    return signRequest(
      {
        method: request.method,
        path: request.path,
        bodyDigest: request.bodyDigest,
        seq,
        audience: known.audience,
        key: { organizationId: known.organizationId, agentId: known.agentId, keyId: known.keyId },
        created: Math.floor(Date.now() / 1000),
      },
      (base) => signWith(key, base),
    );
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(task, task);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  private async repeat<T>(schema: z.ZodType<T>, options: CallOptions, send: () => Promise<Answer>): Promise<T> {
    const { firstBackoffMs, longestBackoffMs } = this.limits;
    const attempts = options.attempts ?? this.limits.attempts;
    const { signal } = options;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      let problem: string;
      let waitMs: number | null = null;
      try {
        const answer = await send();
        if (answer.status >= 200 && answer.status < 300) return parseAnswer(schema, answer);
        if (answer.status < 500 && answer.status !== 429 && answer.status !== 408) throw refusalOf(answer);
        problem = `it answered ${answer.status}`;
        waitMs = retryAfterMs(answer.retryAfter, Date.now(), 3_600_000);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof ServerRefused) throw error;
        problem = messageOf(error);
      }
      if (attempt >= attempts)
        throw new ServerUnreachable(`${this.options.url.origin} is not reachable: ${problem}`, waitMs);
      const jittered = backoffMs(attempt, { firstMs: firstBackoffMs, longestMs: longestBackoffMs });
      await sleep(waitMs === null ? jittered : waitMs + Math.min(jittered, 1000), signal);
    }
  }

  private send(request: Request, headers: Record<string, string>, signal?: AbortSignal): Promise<Answer> {
    const { url } = this.options;
    const { timeoutMs } = this.limits;
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === "https:" ? https : http).request(
        new URL(url.pathname.replace(/\/$/, "") + request.path, url),
        {
          method: request.method,
          agent: this.agent,
          timeout: timeoutMs,
          signal,
          headers: {
            ...headers,
            "content-type": request.contentType,
            "content-length": request.bodyBytes,
            accept: "application/json",
            "user-agent": "ringfence-agent",
          },
        },
        (incoming) => {
          const parts: Buffer[] = [];
          let size = 0;
          incoming.on("data", (part: Buffer) => {
            size += part.length;
            if (size > WIRE_LIMITS.announceBodyBytes) incoming.destroy(new Error("its answer is too large"));
            else parts.push(part);
          });
          incoming.on("end", () =>
            incoming.complete
              ? resolve({
                  status: incoming.statusCode ?? 0,
                  body: Buffer.concat(parts),
                  retryAfter: incoming.headers["retry-after"],
                })
              : reject(new Error("the connection broke off")),
          );
          incoming.on("error", reject);
          incoming.on("aborted", () => reject(new Error("the connection broke off")));
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error(`there was silence for ${timeoutMs / 1000} s`)));
      outgoing.on("error", reject);
      writeBody(outgoing, request).catch((error) =>
        outgoing.destroy(error instanceof Error ? error : new Error(String(error))),
      );
    });
  }
}

interface Answer {
  status: number;
  body: Buffer;
  retryAfter: string | undefined;
}

async function writeBody(outgoing: http.ClientRequest, request: Request): Promise<void> {
  for await (const piece of request.body()) {
    if (outgoing.destroyed) return;
    if (!outgoing.write(piece)) {
      await new Promise<void>((resolve) => {
        const done = () => {
          outgoing.off("drain", done);
          outgoing.off("close", done);
          resolve();
        };
        outgoing.once("drain", done);
        outgoing.once("close", done);
      });
    }
  }
  outgoing.end();
}

export function jsonRequest(method: SignedMethod, path: string, value: unknown): Request {
  const body = Buffer.from(JSON.stringify(value));
  return {
    method,
    path,
    contentType: "application/json",
    body: () => [body],
    bodyBytes: body.length,
    bodyDigest: createHash("sha256").update(body).digest("base64"),
  };
}

function parseAnswer<T>(schema: z.ZodType<T>, answer: Answer): T {
  let value: unknown;
  try {
    value = JSON.parse(answer.body.toString("utf8"));
  } catch {
    throw new Error("its answer is not JSON");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Error("its answer does not have the form of this protocol version");
  return parsed.data;
}

/** A redirect is a refusal too: following one would hand a signed request to an address that nobody configured. */
function refusalOf(answer: Answer): ServerRefused {
  let code = "";
  let message = `the server answered ${answer.status}`;
  try {
    const { error } = JSON.parse(answer.body.toString("utf8")) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code === "string") code = error.code;
    if (typeof error?.message === "string") message = error.message.slice(0, 500);
  } catch {
    // Not an answer of ours: the status says enough.
  }
  return new ServerRefused(answer.status, code, message);
}
export type { Request as ServerRequest };
