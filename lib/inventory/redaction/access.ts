/**
 * The allow-lists of kinds about certificate signing requests. How such a list is written: shape.ts and custom.ts.
 *
 * The request itself (PEM, with the subject's name and key) and the issued certificate never leave the cluster; nor do the
 * requester's `extra` fields, which hold what an authenticator put there.
 */
import type { CustomBody } from "./custom";
import { identifier, integer, list, record, text } from "./shape";

const csrCondition = record(
  { type: text, status: text, reason: text, lastUpdateTime: identifier, lastTransitionTime: identifier },
  ["type"],
);

export const certificateSigningRequestBody: CustomBody = record(
  {
    spec: record(
      { signerName: text, username: text, groups: list(text), usages: list(text), expirationSeconds: integer },
      ["signerName"],
    ),
    status: record({ conditions: list(csrCondition) }),
  },
  ["spec"],
);
