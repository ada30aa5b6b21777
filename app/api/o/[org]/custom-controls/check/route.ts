import { customControlCheck, customControlChecked } from "@/lib/api/custom-controls";
import { checkCustomDefinition } from "@/lib/server/custom-controls";
import { route } from "@/lib/server/route";

/** Says everything that is wrong with a draft, without evaluating it; stores nothing. */
export const POST = route({
  permission: "customControl:try",
  body: customControlCheck,
  maxBodyBytes: 256 * 1024,
  response: customControlChecked,
  handler: (principal, { body }) => checkCustomDefinition(principal, body.definition),
});
