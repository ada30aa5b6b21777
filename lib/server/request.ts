/** What every address asks of a request before it looks at its meaning. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type ErrorDetail, RingfenceError } from "@/lib/errors";
import { readBody } from "./ingest/body";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id that error bodies, logs and the audit trail share for one request. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && UUID.test(given) ? given : randomUUID();
}

/** The address that the request came from, as this server's own listener noted it (start.ts); null where there is none. */
export function originOf(request: Request): string | null {
  return request.headers.get("x-ringfence-origin");
}

/**
 * Refuses a change that another site could have made a browser send: the Origin must be exactly ours, and where the browser
 * says where the request comes from, it must say "same-origin".
 *
 * @throws RingfenceError `forbidden`
 */
export function assertSameOrigin(request: Request, ownOrigin: string): void {
  const site = request.headers.get("sec-fetch-site");
  if (request.headers.get("origin") !== ownOrigin || (site !== null && site !== "same-origin")) {
    throw new RingfenceError("forbidden", "The request did not come from this site.");
  }
}

/**
 * The JSON body, read within `maxBytes` and parsed.
 *
 * @throws RingfenceError `unsupported-media-type`, `too-large`, `invalid-input` with the fields at fault
 */
export async function readJson<T extends z.ZodType>(
  request: Request,
  schema: T,
  maxBytes: number,
): Promise<z.output<T>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json")
    throw new RingfenceError("unsupported-media-type", "The body must be application/json.");
  const bytes = await readBody(request, maxBytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new RingfenceError("invalid-input", "The body is not valid JSON.", {
      details: [{ where: "body", message: "not valid JSON" }],
    });
  }
  return parseInput(schema, value, "body");
}

/** The fields of an HTML form's body. @throws as readJson */
export async function readForm<T extends z.ZodType>(
  request: Request,
  schema: T,
  maxBytes: number,
): Promise<z.output<T>> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new RingfenceError("unsupported-media-type", "The body must be a form.");
  }
  const text = new TextDecoder().decode(await readBody(request, maxBytes));
  return parseInput(schema, Object.fromEntries(new URLSearchParams(text)), "body");
}

/** The value as its type. @throws RingfenceError `invalid-input` that names each field at fault, but never repeats its value */
export function parseInput<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const details: ErrorDetail[] = parsed.error.issues.slice(0, 20).map((issue) => ({
    where: [where, ...issue.path.map(String)].join(".").slice(0, 200),
    message: issue.message.slice(0, 200),
  }));
  throw new RingfenceError("invalid-input", "The request is not valid.", { details });
}

/** The query as an object: a key that is repeated becomes a list. */
export function queryOf(url: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const key of new Set(url.searchParams.keys())) {
    const values = url.searchParams.getAll(key);
    query[key] = values.length === 1 ? (values[0] ?? "") : values;
  }
  return query;
}

/** The answer to a request that failed: a constant form, with nothing about the inside. */
export function errorResponse(error: RingfenceError, requestId: string): Response {
  const { code, message, details, retryAfterSeconds } = error;
  return Response.json(
    { error: { code, message, ...(details.length > 0 ? { details } : {}), requestId } },
    {
      status: error.status,
      headers: {
        ...answerHeaders(requestId),
        ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
      },
    },
  );
}

/** Headers of every answer of the API: never stored, never sniffed, never embedded by another site. */
export function answerHeaders(requestId: string): Record<string, string> {
  return {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "x-request-id": requestId,
  };
}

/** A refusal stays what it is; anything else becomes `internal`, and only the log learns more. */
export function asRingfenceError(error: unknown, requestId: string): RingfenceError {
  if (error instanceof RingfenceError) {
    if (error.status >= 500)
      console.error(JSON.stringify({ requestId, code: error.code, cause: describe(error.cause ?? error) }));
    return error;
  }
  console.error(JSON.stringify({ requestId, code: "internal", cause: describe(error) }));
  return new RingfenceError("internal", `Something went wrong on our side. Reference: ${requestId}`, { cause: error });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
