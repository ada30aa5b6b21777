/** Import of records of web application firewalls that stand outside the cluster. */
import { z } from "zod";
import { label } from "./origin-fields";
import { documentImport } from "./types";

export const wafRecordsImport = documentImport(
  {
    id: "waf-records",
    title: "Web application firewalls",
    nature: "fact",
    description:
      "Which hosts stand behind a web application firewall outside the cluster, whether it blocks or only detects, and where its events go.",
    howToGet:
      "From the firewall's configuration: for AWS WAF the default action and each rule group's override (aws wafv2 get-web-acl), for Azure the policy's mode, for Cloud Armor the rules' preview flag, for a CDN its dashboard or API.",
    controls: ["mon-web-protection"],
    example: `firewalls:
  - hosts: [pay.example.com]
    product: AWS WAF, web ACL payments
    mode: blocking
    logsTo: SIEM, index waf
    alertsHandledBy: SOC, on call
`,
  },
  z.strictObject({
    firewalls: z
      .array(
        z.strictObject({
          hosts: z.array(label).min(1).max(1000),
          product: label,
          mode: z.enum(["blocking", "detection"]),
          logsTo: label.nullable().default(null),
          alertsHandledBy: label.nullable().default(null),
        }),
      )
      .min(1)
      .max(500),
  }),
  ({ firewalls }, origin) => ({ facts: { wafRecords: firewalls.map((record) => ({ origin, ...record })) } }),
);
