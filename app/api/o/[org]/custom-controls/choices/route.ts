import { customControlChoices } from "@/lib/api/custom-controls";
import { getCustomControlChoices } from "@/lib/server/custom-controls";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  response: customControlChoices,
  handler: (principal) => getCustomControlChoices(principal),
});
