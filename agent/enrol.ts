/** Enrolment and key rotation: how a key becomes known to the server. */
import { readFile } from "node:fs/promises";
import {
  AGENT_PATHS,
  enrolmentProofText,
  enrolResponse,
  encodeBase64,
  formatKeyid,
  KEY_ROTATION_DAYS,
  parseEnrolmentToken,
  PROTOCOL_VERSION,
  rotateKeyResponse,
  rotationProofText,
} from "@/lib/inventory/wire";
import type { Identity } from "./identity/identity";
import { createKey, loadKey, publicKeyOf, sha256Hex, signWith } from "./identity/keys";
import type { Log } from "./log";
import type { ServerClient } from "./server-client";
import { AGENT_VERSION } from "./version";

export interface ClusterIdentity {
  clusterUid: string | null;
  kubernetesVersion: string | null;
}

/** The token in the file; null when there is no file or it is empty. @throws Error when it holds something else */
export async function readToken(file: string | undefined): Promise<string | null> {
  if (file === undefined) return null;
  let text: string;
  try {
    text = (await readFile(file, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  if (text === "") return null;
  if (parseEnrolmentToken(text) === null) throw new Error(`${file} does not hold an enrolment token`);
  return text;
}

/** True when the agent has no identity yet, or somebody has put a token there that it has not used. */
export function isTokenNew(identity: Identity, token: string): boolean {
  return identity.state.tokenDigest !== sha256Hex(token);
}

/**
 * Trades the token for an identity. The key that is offered is stored first: if the answer is lost, the same token and the
 * same key get the same answer again; another key would be refused.
 * @throws ServerUnreachable, ServerRefused (the identity from before, if any, stays as it was)
 */
export async function enrol(
  client: ServerClient,
  identity: Identity,
  token: string,
  cluster: ClusterIdentity,
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  const { privateKey, key, publicKey } = await nextKey(identity);
  const proof = encodeBase64(signWith(key, Buffer.from(enrolmentProofText(token, publicKey))));
  const body = { token, publicKey, proof, agentVersion: AGENT_VERSION, protocolVersion: PROTOCOL_VERSION, ...cluster };
  const answer = await client.postUnsigned(AGENT_PATHS.enrol, body, enrolResponse, signal);
  await identity.become({
    privateKey,
    identity: answer,
    tokenDigest: sha256Hex(token),
    keyCreatedAt: new Date().toISOString(),
  });
  log.info("enrolled", { clusterId: answer.clusterId, agentId: answer.agentId });
}

/** True when the key is due to be replaced. A clock that went back is no reason. */
export function isRotationDue(identity: Identity, now: Date): boolean {
  const age = now.getTime() - Date.parse(identity.state.keyCreatedAt);
  return age >= KEY_ROTATION_DAYS * 86_400_000;
}

/** Makes a new key, has the old one vouch for it, and uses it from then on. @throws ServerUnreachable, ServerRefused */
export async function rotateKey(
  client: ServerClient,
  identity: Identity,
  log: Log,
  signal?: AbortSignal,
): Promise<void> {
  const known = identity.state.identity;
  if (known === null) throw new Error("the agent is not enrolled");
  const { privateKey, key, publicKey } = await nextKey(identity);
  const proof = encodeBase64(signWith(key, Buffer.from(rotationProofText(formatKeyid(known), publicKey))));
  const body = { publicKey, proof };
  const { keyId } = await client.postJson(identity, AGENT_PATHS.rotateKey, body, rotateKeyResponse, { signal });
  await identity.update({
    privateKey,
    nextPrivateKey: null,
    keyCreatedAt: new Date().toISOString(),
    identity: { ...known, keyId },
  });
  log.info("key rotated", { keyId });
}

async function nextKey(identity: Identity) {
  const privateKey = identity.state.nextPrivateKey ?? createKey();
  if (identity.state.nextPrivateKey === null) await identity.update({ nextPrivateKey: privateKey });
  const key = loadKey(privateKey);
  return { privateKey, key, publicKey: publicKeyOf(key) };
}
