/**
 * What an agent must not forget, in one small JSON text: who it is, how far its sequence numbers went, which commit came
 * last and which one may be under way.
 */
import { z } from "zod";
import { enrolResponse } from "@/lib/inventory/wire";
import { createKey } from "./keys";

const digest = z.string().regex(/^[0-9a-f]{64}$/);

export const agentState = z.strictObject({
  version: z.literal(1),
  /** Grows with every save: of two copies the one with the higher revision is the newer. */
  revision: z.number().int().min(0),
  /** PKCS #8 in Base64. */
  privateKey: z.string(),
  keyCreatedAt: z.iso.datetime(),
  /** A key that was offered to the server, whose answer may have been lost: it is offered again until there is one. */
  nextPrivateKey: z.string().nullable(),
  /** SHA-256 of the token that this state was enrolled with: another token in the file means "enrol again". */
  tokenDigest: digest.nullable(),
  identity: enrolResponse.nullable(),
  /** Every sequence number up to this one may have been used. A start begins after it. */
  reservedSeq: z.number().int().min(0),
  /** commitDigest of the last acknowledged commit. */
  lastCommit: digest.nullable(),
  lastCollectedAt: z.iso.datetime().nullable(),
  /** A commit that was sent, or was about to be, and whose answer is not known. */
  pendingCommit: z
    .strictObject({ snapshotId: z.uuid(), manifestDigest: digest, collectedAt: z.iso.datetime() })
    .nullable(),
});
export type AgentState = z.infer<typeof agentState>;

/** Where the state lies. `load` gives null when there is none yet; `save` has stored it durably when it resolves. */
export interface StateStore {
  load(): Promise<AgentState | null>;
  save(state: AgentState): Promise<void>;
}

/** The state of an agent that has never spoken with a server, with a key of its own. */
export function createState(now: Date): AgentState {
  return {
    version: 1,
    revision: 0,
    privateKey: createKey(),
    keyCreatedAt: now.toISOString(),
    nextPrivateKey: null,
    tokenDigest: null,
    identity: null,
    reservedSeq: 0,
    lastCommit: null,
    lastCollectedAt: null,
    pendingCommit: null,
  };
}

/** @throws Error that names the place when the text is not a state: an agent must not quietly become another one. */
export function parseState(text: string, where: string): AgentState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = agentState.safeParse(value);
  if (!parsed.success) {
    throw new Error(`${where} does not hold a state of this agent; remove it and enrol again`);
  }
  return parsed.data;
}
