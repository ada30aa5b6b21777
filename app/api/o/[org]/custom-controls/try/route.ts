import { customControlTried, customControlTry } from "@/lib/api/custom-controls";
import { tryCustomControl } from "@/lib/server/custom-control-try";
import { route } from "@/lib/server/route";

/** Runs a draft over the last snapshot of a cluster; stores nothing but the audit entry. */
export const POST = route({
  permission: "customControl:try",
  limit: "custom-try",
  body: customControlTry,
  maxBodyBytes: 256 * 1024,
  response: customControlTried,
  handler: (principal, { body }) => tryCustomControl(principal, body),
});
