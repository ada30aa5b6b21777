import { z } from "zod";
import { catalogVersionView, versionParam } from "@/lib/api/catalog";
import { getCatalogVersion } from "@/lib/server/catalog-versions";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "control:read",
  params: z.object({ version: versionParam }),
  response: catalogVersionView,
  handler: (principal, { params }) => getCatalogVersion(principal, params.version),
});
