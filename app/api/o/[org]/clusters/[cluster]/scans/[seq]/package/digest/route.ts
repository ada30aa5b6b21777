import { z } from "zod";
import { packageDigest } from "@/lib/api/clusters";
import { orgSlug } from "@/lib/api/common";
import { digestScanPackage } from "@/lib/server/packages";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "package:read",
  limit: "package",
  params: z.object({ cluster: orgSlug, seq: z.coerce.number().int().min(1).max(2_000_000_000) }),
  response: packageDigest,
  handler: (principal, { params }) => digestScanPackage(principal, params.cluster, params.seq),
});
