/** What every entry of a register carries: who answers for it, who approved it, and until when. */
import { z } from "zod";

/** A day (`2026-11-21`) or a moment in UTC (`2026-11-21T12:00:00Z`). */
export const moment = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z)?$/,
    "must be a day or a moment in UTC, such as 2026-11-21",
  )
  .refine((text) => !Number.isNaN(Date.parse(text)), "is no day of the calendar");
export const words = z.string().min(1).max(2000);
export const name = z.string().min(1).max(512);

/** Spread into an entry's schema. */
export const approvalFields = {
  reason: words,
  approvedBy: name,
  approvedAt: moment,
  /** The approval holds before this moment; without it, it has no end and the control says whether that is enough. */
  expiresAt: moment.optional(),
};
export interface Approval {
  reason: string;
  approvedBy: string;
  approvedAt: string;
  expiresAt?: string | undefined;
}

/** True when the approval was given at `asOf` and has not expired; a day ends at its end (UTC). */
export function isApprovedAt(approval: Approval, asOf: string): boolean {
  return (
    startOf(approval.approvedAt) <= Date.parse(asOf) &&
    (approval.expiresAt === undefined || Date.parse(asOf) < endOf(approval.expiresAt))
  );
}

/** Milliseconds since the epoch of the moment, or of the day's first instant (UTC). */
export function startOf(text: string): number {
  return Date.parse(text);
}
/** Of the moment, or of the instant after the day's last (UTC). */
export function endOf(text: string): number {
  return text.length === 10 ? Date.parse(text) + 86_400_000 : Date.parse(text);
}
