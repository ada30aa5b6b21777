/** Parts that several kinds of import share. */
import { z } from "zod";

/** ISO 8601 in UTC, as APIs print it. */
export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/, "must be a moment in UTC, such as 2026-11-21T12:00:00Z")
  .refine((text) => !Number.isNaN(Date.parse(text)), "is no moment of the calendar");
export const label = z.string().min(1).max(512);
