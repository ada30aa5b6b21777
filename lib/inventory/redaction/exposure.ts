/** The allow-lists of kinds about exposure and certificates. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { open, record } from "./shape";

export const endpointSliceBody: CustomBody = record({ spec: open, status: open });
export const apiServiceBody: CustomBody = record({ spec: open, status: open });
export const tCPRouteBody: CustomBody = record({ spec: open, status: open });
export const tLSRouteBody: CustomBody = record({ spec: open, status: open });
export const gRPCRouteBody: CustomBody = record({ spec: open, status: open });
export const istioGatewayBody: CustomBody = record({ spec: open, status: open });
export const virtualServiceBody: CustomBody = record({ spec: open, status: open });
export const serviceEntryBody: CustomBody = record({ spec: open, status: open });
export const certificateBody: CustomBody = record({ spec: open, status: open });
export const issuerBody: CustomBody = record({ spec: open, status: open });
export const clusterIssuerBody: CustomBody = record({ spec: open, status: open });
export const configMapBody: CustomBody = record({ spec: open, status: open });
