/** The allow-lists of kinds about images, admission exceptions and reports of scanners. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const runtimeClassBody: CustomBody = record({ spec: open, status: open });
export const vulnerabilityReportBody: CustomBody = record({ spec: open, status: open });
export const sbomReportBody: CustomBody = record({ spec: open, status: open });
export const exposedSecretReportBody: CustomBody = record({ spec: open, status: open });
export const policyReportBody: CustomBody = record({ spec: open, status: open });
export const clusterPolicyReportBody: CustomBody = record({ spec: open, status: open });
export const policyExceptionBody: CustomBody = record({ spec: open, status: open });
export const validatingPolicyBody: CustomBody = record({ spec: open, status: open });
export const imageValidatingPolicyBody: CustomBody = record({ spec: open, status: open });
export const kyvernoCelExceptionBody: CustomBody = record({ spec: open, status: open });
export const configBody: CustomBody = record({ spec: open, status: open });
export const clusterImagePolicyBody: CustomBody = record({ spec: open, status: open });
