/** The addresses that agents call, each a declaration. Files below app/api/agent only give them their place. */
import { SNAPSHOT_SCHEMA_VERSION } from "@/lib/inventory/snapshot";
import {
  announceRequest,
  announceResponse,
  chunksResponse,
  commitRequest,
  commitResponse,
  enrolRequest,
  enrolResponse,
  heartbeatRequest,
  heartbeatResponse,
  PACK_MEDIA_TYPE,
  PROTOCOL_VERSION,
  rotateKeyRequest,
  rotateKeyResponse,
  WIRE_LIMITS,
} from "@/lib/inventory/wire";
import { assertSnapshotId, parseMessage, signedRoute, unsignedRoute } from "./agent-route";
import { announceSnapshot } from "./announce";
import { storeChunks } from "./chunks";
import { commitSnapshot } from "./commit";
import { enrolAgent } from "./enrol";
import { heartbeat } from "./heartbeat";
import { rotateKey } from "./keys";

const JSON_TYPE = "application/json";

export const enrolRoute = unsignedRoute({
  action: "agent:enrol",
  contentType: JSON_TYPE,
  maxBodyBytes: WIRE_LIMITS.jsonBodyBytes,
  response: enrolResponse,
  status: 201,
  handle: (body, context) =>
    enrolAgent(parseMessage(enrolRequest, body, { field: "protocolVersion", known: PROTOCOL_VERSION }), context),
});

export const heartbeatRoute = signedRoute({
  action: "agent:request",
  contentType: JSON_TYPE,
  maxBodyBytes: WIRE_LIMITS.jsonBodyBytes,
  response: heartbeatResponse,
  handle: (agent, body) => heartbeat(agent, parseMessage(heartbeatRequest, body)),
});

export const announceRoute = signedRoute({
  action: "snapshot:announce",
  contentType: JSON_TYPE,
  maxBodyBytes: WIRE_LIMITS.announceBodyBytes,
  response: announceResponse,
  handle: (agent, body, { now }) =>
    announceSnapshot(
      agent,
      parseMessage(announceRequest, body, { field: "schemaVersion", known: SNAPSHOT_SCHEMA_VERSION }),
      now,
    ),
});

export const chunksRoute = signedRoute({
  action: "snapshot:upload",
  contentType: PACK_MEDIA_TYPE,
  maxBodyBytes: WIRE_LIMITS.packBytes,
  response: chunksResponse,
  handle: async (agent, body, { snapshotId }) => {
    assertSnapshotId(snapshotId);
    return storeChunks(agent, snapshotId, body);
  },
});

export const commitRoute = signedRoute({
  action: "snapshot:commit",
  contentType: JSON_TYPE,
  maxBodyBytes: WIRE_LIMITS.jsonBodyBytes,
  response: commitResponse,
  handle: async (agent, body, context) => {
    assertSnapshotId(context.snapshotId);
    const { manifestDigest } = parseMessage(commitRequest, body);
    return commitSnapshot(agent, context.snapshotId, manifestDigest, context);
  },
});

export const rotateKeyRoute = signedRoute({
  action: "agent:rotate-key",
  contentType: JSON_TYPE,
  maxBodyBytes: WIRE_LIMITS.jsonBodyBytes,
  response: rotateKeyResponse,
  handle: (agent, body, context) => rotateKey(agent, parseMessage(rotateKeyRequest, body), context),
});
