/** The allow-lists of kinds about monitoring (node leases, runtime sensors, alert rules). How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const leaseBody: CustomBody = record({ spec: open, status: open });
export const tracingPolicyBody: CustomBody = record({ spec: open, status: open });
export const tracingPolicyNamespacedBody: CustomBody = record({ spec: open, status: open });
export const fileIntegrityBody: CustomBody = record({ spec: open, status: open });
export const prometheusRuleBody: CustomBody = record({ spec: open, status: open });
export const alertmanagerConfigBody: CustomBody = record({ spec: open, status: open });
