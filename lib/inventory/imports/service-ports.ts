/** Import of the register of allowed services, protocols and ports. */
import { z } from "zod";
import { servicePort } from "../registers/service-ports";
import { documentImport } from "./types";

export const servicePortsImport = documentImport(
  {
    id: "service-ports",
    title: "Services, protocols and ports",
    nature: "register",
    description:
      "Ports that are allowed and what for; for an insecure protocol also what protects it. What is not on the list counts as not justified.",
    howToGet: "From the network documentation; one entry for each port of a Service or workload.",
    controls: ["net-insecure-services"],
    example: `ports:
  - namespace: cde-processing
    service: payment-api
    port: 8443
    transport: TCP
    protocol: https
    reason: Checkout calls the payment API
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
`,
  },
  z.strictObject({ ports: z.array(servicePort).max(20_000) }),
  ({ ports }) => ({ registers: { servicePorts: ports } }),
);
