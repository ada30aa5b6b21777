import { customControlSave, customControlSaved, customControlsPage } from "@/lib/api/custom-controls";
import { listCustomControls, saveCustomControl } from "@/lib/server/custom-controls";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  response: customControlsPage,
  handler: (principal) => listCustomControls(principal),
});

/** Saves a revision: the first of a new control, or the next of the one that was edited. */
export const POST = route({
  permission: "customControl:write",
  body: customControlSave,
  maxBodyBytes: 256 * 1024,
  response: customControlSaved,
  status: 201,
  handler: (principal, { body }) => saveCustomControl(principal, body),
});
