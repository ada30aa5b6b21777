/**
 * Declared flows: who may connect to whom, on which ports, why, approved and reviewed by whom (PCI DSS 1.2.4, 1.2.5, 1.2.7).
 *
 * An entry may stand without approver or review: then it is declared and not yet approved, and the control says so.
 */
import { z } from "zod";
import { moment, name, words } from "./approval";

const podEnd = z.strictObject({
  namespace: name,
  /** Labels that the pods carry; absent: every pod of the namespace. */
  labels: z.record(name, z.string().max(512)).optional(),
});
const blockEnd = z.strictObject({
  /** `203.0.113.0/24`, or one address as /32 or /128. */
  cidr: z.string().regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, "must be a CIDR block such as 203.0.113.0/24"),
});
/** A name that only run time turns into addresses; documents the flow, and covers none by itself. */
const domainEnd = z.strictObject({ domain: name });
const flowEnd = z.union([podEnd, blockEnd, domainEnd]);
export type FlowEnd = z.output<typeof flowEnd>;

const portOrRange = z.union([
  z.int().min(1).max(65_535),
  z.string().regex(/^\d{1,5}-\d{1,5}$/, "must be a port or a range such as 8000-8010"),
]);

export const flow = z.strictObject({
  /** Stable; findings name it. */
  id: name,
  from: flowEnd,
  to: flowEnd,
  protocol: z.enum(["TCP", "UDP", "SCTP"]).default("TCP"),
  /** Destination ports, as the pods listen on them (not those of a Service). */
  ports: z.array(portOrRange).min(1).max(100),
  /** Which data flows. */
  data: words.optional(),
  /** How it is encrypted on the way. */
  encryption: words.optional(),
  reason: words,
  ticket: name.optional(),
  /** Who asked for it: the author of the policies. */
  requestedBy: name.optional(),
  approvedBy: name.optional(),
  approvedAt: moment.optional(),
  expiresAt: moment.optional(),
  reviewedBy: name.optional(),
  reviewedAt: moment.optional(),
  /** The policies that were approved for it, each with the digest of its rules that the approver saw. */
  policies: z
    .array(
      z.strictObject({
        kind: name.default("NetworkPolicy"),
        namespace: name.optional(),
        name,
        digest: z.string().regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in lower-case hex"),
      }),
    )
    .max(100)
    .optional(),
});
export type Flow = z.output<typeof flow>;

/** What keeps pods from the cloud's metadata service beside policies: a hop limit, a setting of the node pool (attested). */
export const metadataProtection = z.strictObject({
  how: z.enum(["hop-limit", "disabled", "concealed"]),
  /** Namespaces in which it holds; absent: everywhere. */
  namespaces: z.array(name).min(1).max(500).optional(),
  reason: words,
  approvedBy: name,
  approvedAt: moment,
  expiresAt: moment.optional(),
});
export type MetadataProtection = z.output<typeof metadataProtection>;
