import { z } from "zod";
import { orgSlug } from "@/lib/api/common";
import { openScanPackage } from "@/lib/server/packages";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "package:read",
  limit: "package",
  params: z.object({ cluster: orgSlug, seq: z.coerce.number().int().min(1).max(2_000_000_000) }),
  response: "stream",
  async handler(principal, { params }) {
    const { filename, stream } = await openScanPackage(principal, params.cluster, params.seq);
    return new Response(stream, {
      headers: { "content-type": "application/zip", "content-disposition": `attachment; filename="${filename}"` },
    });
  },
});
