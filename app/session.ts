import { headers } from "next/headers";
import { RingfenceError } from "@/lib/errors";
import { webEnvironment } from "@/lib/server/env";
import { type ActiveSession, findSessionToken, requireSession } from "@/lib/server/session";

/** The living session of the browser that asks for a page outside any organization; null if there is none. */
export async function findPageSession(): Promise<ActiveSession | null> {
  const token = findSessionToken((await headers()).get("cookie"), webEnvironment().isLocal);
  try {
    return await requireSession(token);
  } catch (error) {
    if (error instanceof RingfenceError && error.status === 401) return null;
    throw error;
  }
}
