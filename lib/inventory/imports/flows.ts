/** Import of the register of flows. */
import { z } from "zod";
import { flow, metadataProtection } from "../registers/flows";
import { documentImport } from "./types";

export const flowsImport = documentImport(
  {
    id: "flows",
    title: "Flow register",
    nature: "register",
    description:
      "Every connection that may be made into, out of and within the CDE: source, destination, ports, data, encryption and reason, who approved it and when it was last reviewed. What is not on the list counts as not approved.",
    howToGet:
      "Kept by whoever approves firewall changes; write it as YAML, or export it from the firewall or data-flow tool. The digest of a policy stands in the result of net-flow-register.",
    controls: [
      "net-cross-scope-ingress",
      "net-cross-scope-egress",
      "net-flow-register",
      "net-policies-take-effect",
      "scp-declared-vs-effective",
    ],
    example: `flows:
  - id: shop-to-payment
    from: { namespace: shop-checkout, labels: { app: checkout } }
    to: { namespace: cde-payment, labels: { app: payment-api } }
    protocol: TCP
    ports: [8443]
    data: card number, expiry
    encryption: TLS 1.3, mutual
    reason: Checkout hands the card over to the payment service
    requestedBy: team-payments@example.com
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
    reviewedBy: maria.keller@example.com
    reviewedAt: 2026-11-02
  - id: payment-to-acquirer
    from: { namespace: cde-payment, labels: { app: payment-api } }
    to: { cidr: 203.0.113.16/28 }
    ports: [443, 8000-8010]
    reason: Authorisation at the acquirer
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
metadataProtections:
  - how: hop-limit
    reason: The launch template sets a hop limit of 1, which pods can't cross
    approvedBy: maria.keller@example.com
    approvedAt: 2026-09-01
`,
  },
  z.strictObject({
    flows: z.array(flow).max(20_000),
    metadataProtections: z.array(metadataProtection).max(500).default([]),
  }),
  ({ flows, metadataProtections }) => ({
    registers: { flows, ...(metadataProtections.length === 0 ? {} : { metadataProtections }) },
  }),
);
