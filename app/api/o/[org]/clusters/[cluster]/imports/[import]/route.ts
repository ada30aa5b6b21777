import { z } from "zod";
import { idParam, orgSlug } from "@/lib/api/common";
import { importWithdrawn } from "@/lib/api/imports";
import { withdrawImport } from "@/lib/server/imports";
import { route } from "@/lib/server/route";

export const DELETE = route({
  permission: "import:withdraw",
  params: z.object({ cluster: orgSlug, import: idParam }),
  response: importWithdrawn,
  handler: (principal, { params }) => withdrawImport(principal, params.cluster, params.import),
});
