import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  ABSOLUTE_MS,
  closeSession,
  findSessionToken,
  IDLE_MS,
  openSession,
  recordGesture,
  requireSession,
  closeAllSessions,
  sessionCookie,
} from "./session";
import { createTestDatabase, type TestDatabase } from "./testing/database";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const START = new Date("2026-11-21T08:00:00.000Z");
const after = (ms: number) => new Date(START.getTime() + ms);
const FROM = { origin: "192.0.2.7", userAgent: "test", requestId: null };

async function open(subject = "somebody", at = START) {
  return openSession(
    {
      issuer: "https://issuer.example",
      subject,
      name: "Somebody",
      email: null,
      authenticatedAt: at,
      amr: null,
      acr: null,
      groups: [],
      idTokenSealed: null,
    },
    FROM,
    null,
    at,
  );
}

describe("a session", () => {
  it("ends after 15 minutes in which nobody did anything, to the millisecond", async () => {
    const { token } = await open();
    await expect(requireSession(token, after(IDLE_MS - 1))).resolves.toMatchObject({ person: { name: "Somebody" } });
    await expect(requireSession(token, after(IDLE_MS))).rejects.toMatchObject({ code: "session-expired" });
  });

  it("is not prolonged by being looked at, however often: a page left open polls", async () => {
    const { token } = await open();
    for (let minute = 0; minute < 15; minute++) await requireSession(token, after(minute * 60_000));
    await expect(requireSession(token, after(IDLE_MS + 1))).rejects.toMatchObject({ code: "session-expired" });
  });

  it("is prolonged by a person's gesture, but never beyond 12 hours", async () => {
    const { token } = await open();
    let at = 0;
    while (at + IDLE_MS - 1000 < ABSOLUTE_MS) {
      at += IDLE_MS - 1000;
      await recordGesture(await requireSession(token, after(at)), after(at));
    }
    const last = await requireSession(token, after(ABSOLUTE_MS - 1));
    expect(last.idleExpiresAt).toEqual(after(ABSOLUTE_MS));
    await expect(requireSession(token, after(ABSOLUTE_MS))).rejects.toMatchObject({
      code: "session-expired",
      message: expect.stringContaining("12 hours"),
    });
  });

  it("can't be brought back by a late gesture", async () => {
    const { token } = await open();
    const session = await requireSession(token, START);
    await expect(recordGesture(session, after(IDLE_MS))).rejects.toMatchObject({ code: "session-expired" });
    await expect(requireSession(token, after(IDLE_MS))).rejects.toMatchObject({ code: "session-expired" });
  });

  it("ends at once when it is closed, and closing it twice changes nothing", async () => {
    const { token } = await open();
    expect(await closeSession(token, FROM, after(1000))).not.toBeNull();
    await expect(requireSession(token, after(1001))).rejects.toMatchObject({ code: "unauthenticated" });
    expect(await closeSession(token, FROM, after(2000))).toBeNull();
  });

  it("ends together with all others of the person, and no others", async () => {
    const [one, two, other] = [await open("lost-laptop"), await open("lost-laptop"), await open("bystander")];
    expect(await closeAllSessions({ id: one.personId, name: "Somebody" }, FROM, after(1000))).toBe(2);
    for (const { token } of [one, two])
      await expect(requireSession(token, after(1001))).rejects.toMatchObject({ code: "unauthenticated" });
    await expect(requireSession(other.token, after(1001))).resolves.toBeDefined();
  });

  it("is stored as a hash: nothing in the database is a token", async () => {
    const { token } = await open();
    const rows = await database.asSuperuser<{ text: string }>(
      "SELECT s::text || encode(id_hash, 'escape') AS text FROM session s",
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row.text).not.toContain(token);
  });

  it("is unknown without a token, with a wrong one and with a person's id", async () => {
    const { personId } = await open();
    for (const token of [null, "", "A".repeat(43), personId]) {
      await expect(requireSession(token, START)).rejects.toMatchObject({ code: "unauthenticated" });
    }
  });
});

describe("the cookie", () => {
  const token = "A".repeat(43);

  it("is bound to host, path and https; only plain http on localhost goes without the prefix", () => {
    expect(sessionCookie(token, false)).toBe(
      `__Host-ringfence-session=${token}; Path=/; HttpOnly; SameSite=Lax; Secure`,
    );
    expect(sessionCookie(token, true)).toBe(`ringfence-session=${token}; Path=/; HttpOnly; SameSite=Lax`);
  });

  it("is read by its exact name only", () => {
    expect(findSessionToken(`a=b; __Host-ringfence-session=${token}`, false)).toBe(token);
    // On https the name without the prefix could come from any subdomain.
    expect(findSessionToken(`ringfence-session=${token}`, false)).toBeNull();
    expect(findSessionToken(null, false)).toBeNull();
    expect(findSessionToken("ringfence-session=not a token", true)).toBeNull();
  });

  it("is refused when there are two: one of them was planted", () => {
    expect(findSessionToken(`ringfence-session=${token}; ringfence-session=${"B".repeat(43)}`, true)).toBeNull();
  });
});
