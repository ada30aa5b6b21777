import { z } from "zod";
import { customControlDetail, customControlWithdrawn } from "@/lib/api/custom-controls";
import { getCustomControl, withdrawCustomControl } from "@/lib/server/custom-controls";
import { route } from "@/lib/server/route";

const params = z.object({ control: z.string().max(80) });

export const GET = route({
  permission: "control:read",
  params,
  response: customControlDetail,
  handler: (principal, input) => getCustomControl(principal, input.params.control),
});

export const DELETE = route({
  permission: "customControl:write",
  params,
  response: customControlWithdrawn,
  handler: (principal, input) => withdrawCustomControl(principal, input.params.control),
});
