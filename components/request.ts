/** The one way from the browser to our own API. */

export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly requestId: string | null,
    readonly details: readonly { where: string; message: string }[] = [],
  ) {
    super(message);
    this.name = "RequestError";
  }
}

/**
 * Sends JSON, or a document as it is, and returns the parsed answer; the route has already stripped it to its schema. Throws RequestError with the server's own
 * sentence, or `unavailable` when there was no answer. A session that has ended leads to the sign-in page and back here.
 */
export async function request<T>(
  path: string,
  init: { method?: string; body?: unknown; document?: Blob; signal?: AbortSignal } = {},
): Promise<T> {
  const contentType = init.document ? "application/octet-stream" : "application/json";
  let response: Response;
  try {
    response = await fetch(path, {
      method: init.method ?? "GET",
      signal: init.signal,
      cache: "no-store",
      headers: { accept: "application/json", ...(init.method ? { "content-type": contentType } : {}) },
      body: init.document ?? (init.method ? JSON.stringify(init.body ?? {}) : undefined),
    });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new RequestError("unavailable", "Ringfence did not answer. Check the connection and try again.", 503, null);
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const body: unknown = parse(text);
  if (response.ok) return body as T;
  if (response.status === 401) {
    window.location.assign(
      `/sign-in?callbackUrl=${encodeURIComponent(window.location.pathname + window.location.search)}`,
    );
  }
  throw refusal(body, response.status);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The error in an answer of ours (`errorBody`), or `internal` if it is not one of ours. */
export function refusal(body: unknown, status: number): RequestError {
  if (typeof body === "object" && body !== null && "error" in body) {
    const { error } = body as {
      error: { code?: string; message?: string; requestId?: string; details?: { where: string; message: string }[] };
    };
    return new RequestError(
      error.code ?? "internal",
      error.message ?? "That did not work.",
      status,
      error.requestId ?? null,
      error.details,
    );
  }
  return new RequestError("internal", "That did not work. Try again.", status, null);
}
