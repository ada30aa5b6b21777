/** Import of the register of debug sessions that were allowed. */
import { z } from "zod";
import { breakGlassRecord } from "../registers/break-glass-records";
import { documentImport } from "./types";

export const breakGlassRecordsImport = documentImport(
  {
    id: "break-glass-records",
    title: "Break-glass records",
    nature: "register",
    description:
      "Debug sessions in pods that were allowed: who, where, for which incident, from when until when. A debug container outside such a time is not approved.",
    howToGet: "Exported from the incident or access-management system as YAML.",
    controls: ["pod-no-debug-containers"],
    example: `records:
  - namespace: cde-processing
    pod: payment-api-*
    person: jo.lang@example.com
    ticket: INC-4711
    from: 2026-11-21T09:00:00Z
    to: 2026-11-21T13:00:00Z
    reason: Payments hang after the network change
    approvedBy: maria.keller@example.com
    approvedAt: 2026-11-21T08:55:00Z
`,
  },
  z.strictObject({ records: z.array(breakGlassRecord).max(20_000) }),
  ({ records }) => ({ registers: { breakGlassRecords: records } }),
);
