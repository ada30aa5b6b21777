/** What common guides get wrong: `/api/o/[org]/controls/guides`. */
import { z } from "zod";

export const guideError = z.object({
  /** Part of an address, so for ever. */
  id: z.string(),
  topic: z.string(),
  /** What the guides say. */
  claim: z.string(),
  problem: z.string(),
  right: z.string(),
  /** Controls of the active catalogue that judge the matter as it should be. */
  controls: z.array(z.object({ id: z.string(), title: z.string() })),
  requirements: z.array(z.object({ id: z.string(), title: z.string() })),
});
export type GuideErrorView = z.infer<typeof guideError>;

export const guidesQuery = z.object({
  q: z.string().max(100).optional(),
  topic: z.string().max(60).optional(),
  control: z.string().max(80).optional(),
  requirement: z.string().max(16).optional(),
});
export const guidesPage = z.object({
  items: z.array(guideError),
  totalUnfiltered: z.number().int(),
  /** Every topic, with how many of its errors the other filters leave. */
  topics: z.array(z.object({ topic: z.string(), errors: z.number().int() })),
});
export type GuidesPage = z.infer<typeof guidesPage>;
