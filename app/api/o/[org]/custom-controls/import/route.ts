import { customControlImport, customControlImported } from "@/lib/api/custom-controls";
import { importAdmissionPolicies } from "@/lib/server/custom-control-import";
import { route } from "@/lib/server/route";

/** Makes drafts of admission policies; stores nothing. */
export const POST = route({
  permission: "customControl:try",
  limit: "import",
  body: customControlImport,
  maxBodyBytes: 256 * 1024,
  response: customControlImported,
  handler: (principal, { body }) => importAdmissionPolicies(principal, body.yaml),
});
