import { z } from "zod";
import { startSignIn } from "@/lib/server/auth/handshake";
import { webEnvironment } from "@/lib/server/env";
import { readForm } from "@/lib/server/request";
import { openRoute } from "@/lib/server/route";

const form = z.object({ callbackUrl: z.string().max(2000).default("/"), fresh: z.enum(["1"]).optional() });

/** The sign-in page's form: leads to the issuer. `fresh=1` asks for a new authentication there. */
export const POST = openRoute({
  why: "it begins the sign-in of somebody unknown, and gives nothing away",
  limit: "sign-in",
  async handler(request, call) {
    const { callbackUrl, fresh } = await readForm(request, form, 8 * 1024);
    const options = { callbackPath: callbackUrl, isFresh: fresh === "1", requestId: call.requestId };
    return startSignIn(request, webEnvironment(), options);
  },
});
