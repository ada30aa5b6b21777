/** Documents that people upload about a cluster: `/api/o/[org]/clusters/[cluster]/imports…`. */
import { z } from "zod";
import { isoTime, resultStatus } from "./common";

export const importScope = z.enum(["cluster", "organization"]);

/** A source: a kind of document, what it would make known, and whether the reader may upload one. */
export const importKindRow = z.object({
  id: z.string(),
  title: z.string(),
  nature: z.enum(["fact", "register"]),
  description: z.string(),
  howToGet: z.string(),
  format: z.enum(["json", "yaml", "jsonl"]),
  maxBytes: z.number().int(),
  /** Only where one kind was asked for. */
  example: z.string().nullable(),
  controls: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      /** In this cluster's last scan. */
      status: resultStatus.or(z.literal("not-assessed")),
      unknown: z.number().int(),
    }),
  ),
  /** Where the reader may upload one; empty for nowhere. */
  uploadableTo: z.array(importScope),
});
export type ImportKindRow = z.infer<typeof importKindRow>;

export const importRow = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string(),
  scope: importScope,
  bytes: z.number().int(),
  /** SHA-256 of the text, lower-case hex: what `sha256sum` says of the file. */
  digest: z.string(),
  collectedAt: isoTime,
  uploadedAt: isoTime,
  uploadedBy: z.string(),
  /** How it ended; null while it is current. */
  ended: z.object({ how: z.enum(["superseded", "withdrawn"]), at: isoTime, by: z.string().nullable() }).nullable(),
  /** True if the cluster's last evaluated scan used it. */
  isInLastScan: z.boolean(),
  mayWithdraw: z.boolean(),
});
export type ImportRow = z.infer<typeof importRow>;

/** `kind`: this kind only, with its example. */
export const importsQuery = z.object({ kind: z.string().max(63).optional() });
export const importsPage = z.object({
  kinds: z.array(importKindRow),
  /** Current documents of the cluster and of the organization, by kind and name. */
  documents: z.array(importRow),
  /** The last twenty that ended. */
  ended: z.array(importRow),
  /** True while the current documents are not yet those of the last evaluated scan. */
  isPending: z.boolean(),
  /** Number of the last evaluated scan; null if there is none to evaluate again. */
  lastScanSeq: z.number().int().nullable(),
});
export type ImportsPage = z.infer<typeof importsPage>;

const documentQuery = z.object({ kind: z.string().max(63), name: z.string().trim().min(1).max(200) });
export const importCheckQuery = documentQuery;
/** The document itself is the body: UTF-8, `application/octet-stream`. */
export const importUploadQuery = documentQuery.extend({
  scope: importScope.default("cluster"),
  /** When the source was read; the moment of the upload unless given. */
  collectedAt: z.iso.datetime({ offset: true }).optional(),
});

/** What a document would add, or what is wrong with it. */
export const importCheck = z.object({
  problem: z.object({ where: z.string(), message: z.string() }).nullable(),
  adds: z.array(z.object({ name: z.string(), entries: z.number().int().nullable() })),
});
export type ImportCheck = z.infer<typeof importCheck>;

export const importCreated = z.object({
  id: z.string(),
  digest: z.string(),
  /** Clusters that are evaluated again with it. */
  clusters: z.number().int(),
});
export type ImportCreated = z.infer<typeof importCreated>;
export const importWithdrawn = z.object({ withdrawnAt: isoTime, clusters: z.number().int() });
