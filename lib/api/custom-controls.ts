/** An organization's own controls: `/api/o/[org]/custom-controls…`. */
import { z } from "zod";
import { isoTime, orgSlug, resourceRef, resultStatus, severity } from "./common";

/**
 * Bounds of what is read at all; what a definition may hold, and what is wrong with it, is said by the check with the place of each
 * problem (lib/controls/custom).
 */
const TEXT = z.string().max(8_000);
const NAME = z.string().max(200);
const list = <T extends z.ZodType>(item: T) => z.array(item).max(60);

const labelSelector = z.strictObject({
  matchLabels: z.record(NAME, NAME).optional(),
  matchExpressions: list(
    z.strictObject({
      key: NAME,
      operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
      values: list(NAME).optional(),
    }),
  ).optional(),
});
const named = z.strictObject({ name: NAME, expression: TEXT });

/** A definition as people write and save it; its revision is counted by the server. */
export const customDefinition = z.strictObject({
  id: NAME,
  title: z.string().max(500),
  severity,
  why: TEXT.default(""),
  kinds: list(NAME),
  scope: list(z.enum(["cde", "connected-to", "out-of-scope"])).default([]),
  namespaceSelector: labelSelector.optional(),
  objectSelector: labelSelector.optional(),
  matchConditions: list(named).default([]),
  variables: list(named).default([]),
  validations: list(z.strictObject({ expression: TEXT, message: TEXT.optional(), messageExpression: TEXT.optional() })),
  requirements: list(
    z.strictObject({
      requirement: z.string().max(20),
      kind: z.enum(["primary", "fail-only", "supporting"]),
      rationale: TEXT,
    }),
  ).default([]),
});
export type CustomDefinition = z.infer<typeof customDefinition>;

/** What is wrong with a definition, and where: `validations[0].expression`. */
export const definitionProblem = z.object({ where: z.string(), problem: z.string() });
export type DefinitionProblem = z.infer<typeof definitionProblem>;

const revisionHead = z.object({
  revision: z.number().int(),
  createdAt: isoTime,
  createdBy: z.string(),
  /** SHA-256 of the definition (as in an evidence package), lower-case hex. */
  digest: z.string(),
  withdrawn: z.object({ at: isoTime, by: z.string() }).nullable(),
});
export const customControlRow = revisionHead.extend({
  id: z.string(),
  title: z.string(),
  severity,
  kinds: z.array(z.string()),
  requirements: z.array(z.string()),
});
export type CustomControlRow = z.infer<typeof customControlRow>;

export const customControlsPage = z.object({
  /** One row a control, its newest revision; withdrawn ones last. */
  items: z.array(customControlRow),
  limit: z.number().int(),
  mayWrite: z.boolean(),
  mayTry: z.boolean(),
});
export type CustomControlsPage = z.infer<typeof customControlsPage>;

export const customControlRevision = revisionHead.extend({ definition: customDefinition });
export const customControlDetail = z.object({
  id: z.string(),
  /** The newest first. */
  revisions: z.array(customControlRevision),
  mayWrite: z.boolean(),
  mayTry: z.boolean(),
});
export type CustomControlDetail = z.infer<typeof customControlDetail>;

/** What an editor offers. */
export const customControlChoices = z.object({
  kinds: z.array(z.object({ section: z.string(), kind: z.string(), apiVersion: z.string() })),
  clusters: z.array(z.object({ slug: z.string(), name: z.string() })),
});
export type CustomControlChoices = z.infer<typeof customControlChoices>;

export const customControlSave = z.strictObject({
  definition: customDefinition,
  /** The revision that was edited; null for a new control. Another revision since then is a conflict. */
  basedOn: z.number().int().min(1).nullable(),
});
export const customControlSaved = z.object({
  id: z.string(),
  revision: z.number().int(),
  digest: z.string(),
  /** Clusters that are evaluated again with it. */
  clusters: z.number().int(),
});
export type CustomControlSaved = z.infer<typeof customControlSaved>;
export const customControlWithdrawn = z.object({ withdrawnAt: isoTime, clusters: z.number().int() });

export const customControlCheck = z.strictObject({ definition: customDefinition });
export const customControlChecked = z.object({ problems: z.array(definitionProblem) });
export type CustomControlChecked = z.infer<typeof customControlChecked>;

export const customControlTry = z.strictObject({ definition: customDefinition, cluster: orgSlug });
export const customControlTried = z.object({
  /** Everything that is wrong; then nothing was tried. */
  problems: z.array(definitionProblem),
  outcome: z
    .object({
      scanSeq: z.number().int(),
      collectedAt: isoTime,
      counts: z.object({
        pass: z.number().int(),
        fail: z.number().int(),
        unknown: z.number().int(),
        notApplicable: z.number().int(),
      }),
      /** The first results, the worst first. */
      results: z.array(z.object({ status: resultStatus, object: resourceRef, reason: z.string(), detail: z.string() })),
      /** True if it ran into its limit of time or memory. */
      isStopped: z.boolean(),
    })
    .nullable(),
});
export type CustomControlTried = z.infer<typeof customControlTried>;

/** Documents of a ValidatingAdmissionPolicy and, if there are any, of its bindings. */
export const customControlImport = z.strictObject({ yaml: z.string().min(1).max(100_000) });
export const customControlImported = z.object({
  /** A draft for each policy and binding; nothing is saved. */
  drafts: z.array(
    z.object({
      policy: z.string(),
      binding: z.string().nullable(),
      definition: customDefinition,
      problems: z.array(definitionProblem),
    }),
  ),
});
export type CustomControlImported = z.infer<typeof customControlImported>;
