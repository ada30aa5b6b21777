/**
 * The Kubernetes API over plain HTTPS: GET, the one PATCH of the agent's own Secret, and the node collector's report.
 *
 * `@kubernetes/client-node` reads the configuration, answers with credentials (tokens, client certificates, exec plug-ins,
 * token files that rotate) and builds the TLS agent; its typed client is not used, because it makes objects out of whole
 * pages. Statuses that may pass by themselves are repeated with back-off; the others are the caller's to judge.
 */
import http from "node:http";
import https from "node:https";
import type { KubeConfig } from "@kubernetes/client-node";
import { backoffMs, retryAfterMs, sleep } from "../backoff";

export interface KubernetesLimits {
  /** Attempts for one request, the first included. */
  attempts: number;
  /** Silence on the connection after which a request counts as lost. */
  timeoutMs: number;
  firstBackoffMs: number;
  longestBackoffMs: number;
  /** Largest answer that is taken. A page of 500 objects of 1.5 MiB each does not exist in practice. */
  maxBodyBytes: number;
}
export const DEFAULT_KUBERNETES_LIMITS: KubernetesLimits = {
  attempts: 6,
  timeoutMs: 60_000,
  firstBackoffMs: 500,
  longestBackoffMs: 20_000,
  maxBodyBytes: 256 * 1024 * 1024,
};

export interface ApiAnswer {
  status: number;
  body: Buffer;
  /** The Date header: the API server's own clock. */
  date?: string | undefined;
}

/** The API server could not be reached, or kept answering that it can't now. */
export class KubernetesUnavailable extends Error {}

export class KubernetesApi {
  private readonly limits: KubernetesLimits;
  private cached: { key: string; agent: http.Agent } | undefined;

  constructor(
    private readonly config: KubeConfig,
    limits: Partial<KubernetesLimits> = {},
  ) {
    this.limits = { ...DEFAULT_KUBERNETES_LIMITS, ...limits };
    if (config.getCurrentCluster() === null) {
      throw new Error("the kubeconfig has no current context with a cluster; name one with --context");
    }
  }

  /** Sends a GET until it gets an answer that will not change by itself: 2xx, 4xx but 408 and 429. @throws KubernetesUnavailable */
  get(path: string, signal?: AbortSignal, accept = "application/json"): Promise<ApiAnswer> {
    return this.repeat({ method: "GET", path, headers: { accept } }, signal);
  }

  /** JSON merge patch (RFC 7386). The agent has this right on one named Secret only. @throws KubernetesUnavailable */
  mergePatch(path: string, patch: unknown, signal?: AbortSignal): Promise<ApiAnswer> {
    const headers = { accept: "application/json", "content-type": "application/merge-patch+json" };
    return this.repeat({ method: "PATCH", path, headers, body: JSON.stringify(patch) }, signal);
  }

  /** Creates or replaces an object. Only the node collector has this right, on the report of its own node. @throws KubernetesUnavailable */
  write(method: "POST" | "PUT", path: string, object: unknown, signal?: AbortSignal): Promise<ApiAnswer> {
    const headers = { accept: "application/json", "content-type": "application/json" };
    return this.repeat({ method, path, headers, body: JSON.stringify(object) }, signal);
  }

  close(): void {
    this.cached?.agent.destroy();
  }

  private async repeat(request: ApiRequest, signal?: AbortSignal): Promise<ApiAnswer> {
    const { attempts, firstBackoffMs, longestBackoffMs } = this.limits;
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted();
      let problem: string;
      let waitMs: number | null = null;
      try {
        const answer = await this.send(request, signal);
        if (answer.status < 500 && answer.status !== 429 && answer.status !== 408) return answer;
        problem = `it answered ${answer.status}`;
        waitMs = retryAfterMs(answer.retryAfter, Date.now(), longestBackoffMs);
      } catch (cause) {
        signal?.throwIfAborted();
        problem = cause instanceof Error ? cause.message : String(cause);
      }
      if (attempt >= attempts) {
        throw new KubernetesUnavailable(
          `${request.method} ${pathOnly(request.path)} failed ${attempt} times, at last because ${problem}`,
        );
      }
      const jittered = backoffMs(attempt, { firstMs: firstBackoffMs, longestMs: longestBackoffMs });
      await sleep(waitMs === null ? jittered : waitMs + Math.min(jittered, 1000), signal);
    }
  }

  private async send(
    request: ApiRequest,
    signal?: AbortSignal,
  ): Promise<ApiAnswer & { retryAfter: string | undefined }> {
    const cluster = this.config.getCurrentCluster();
    const base = new URL(cluster?.server ?? "");
    const url = new URL(base.pathname.replace(/\/$/, "") + request.path, base);
    const { agent, headers, auth } = await this.connection(url);
    const { limits } = this;
    return new Promise((resolve, reject) => {
      const outgoing = (url.protocol === "http:" ? http : https).request(
        url,
        {
          method: request.method,
          agent,
          auth,
          headers: { ...headers, "user-agent": "ringfence-agent", ...request.headers },
          timeout: limits.timeoutMs,
          signal,
        },
        (incoming) => {
          const parts: Buffer[] = [];
          let size = 0;
          incoming.on("data", (part: Buffer) => {
            size += part.length;
            if (size > limits.maxBodyBytes)
              incoming.destroy(new Error(`it is larger than ${limits.maxBodyBytes} bytes`));
            else parts.push(part);
          });
          // Without its last chunk a page may still look whole to somebody who counts brackets only; `complete` knows.
          incoming.on("end", () =>
            incoming.complete
              ? resolve({
                  status: incoming.statusCode ?? 0,
                  body: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size),
                  date: incoming.headers.date,
                  retryAfter: incoming.headers["retry-after"],
                })
              : reject(new Error("the connection broke off")),
          );
          incoming.on("error", reject);
          incoming.on("aborted", () => reject(new Error("the connection broke off")));
        },
      );
      outgoing.on("timeout", () => outgoing.destroy(new Error(`there was silence for ${limits.timeoutMs / 1000} s`)));
      outgoing.on("error", reject);
      outgoing.end(request.body);
    });
  }

  /** Credentials are asked for at each request (they expire); the connections are kept as long as the certificates stay. */
  private async connection(
    url: URL,
  ): Promise<{ agent: http.Agent; headers: http.OutgoingHttpHeaders; auth: string | undefined }> {
    if (url.protocol === "http:") {
      // The library refuses http unless TLS verification is off; kubectl proxy and the like are plain http by nature.
      this.cached ??= { key: "http", agent: new http.Agent({ keepAlive: true }) };
      return { agent: this.cached.agent, headers: {}, auth: undefined };
    }
    const options: https.RequestOptions = { headers: {} };
    await this.config.applyToHTTPSOptions(options);
    const key = JSON.stringify(
      [options.ca, options.cert, options.key, options.pfx, options.servername, options.rejectUnauthorized].map(String),
    );
    if (this.cached?.key !== key) {
      this.cached?.agent.destroy();
      this.cached = { key, agent: keptAlive(options.agent) };
    }
    return { agent: this.cached.agent, headers: plainHeaders(options.headers), auth: options.auth ?? undefined };
  }
}

interface ApiRequest {
  method: "GET" | "PATCH" | "POST" | "PUT";
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** The library's agent closes its connection after each request. A proxy's agent is left as it is. */
function keptAlive(agent: unknown): http.Agent {
  if (agent instanceof https.Agent && agent.constructor === https.Agent) {
    return new https.Agent({ ...agent.options, keepAlive: true, maxSockets: 4 });
  }
  return agent instanceof http.Agent ? agent : new https.Agent({ keepAlive: true });
}

function plainHeaders(headers: https.RequestOptions["headers"]): http.OutgoingHttpHeaders {
  return headers === undefined || Array.isArray(headers) ? {} : (headers as http.OutgoingHttpHeaders);
}

function pathOnly(path: string): string {
  return path.split("?")[0] ?? path;
}
