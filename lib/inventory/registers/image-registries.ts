/** Registries and repositories that images may come from (PCI DSS 6.3.3, 6.5.1, 12.8.1). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const imageRegistry = z.strictObject({
  /** Host, or host and path: `registry.example.com`, `registry.example.com/payments`. It ends at a slash, tag or digest. */
  prefix: name.regex(
    /^[a-z0-9.-]+(?::[0-9]+)?(?:\/[a-z0-9._-]+)*\/?$/,
    "must be a host, or a host and a path, in lower case and without tag",
  ),
  /** Scope categories that it is approved for; absent: both. */
  scopes: z
    .array(z.enum(["cde", "connected-to"]))
    .min(1)
    .optional(),
  ...approvalFields,
});
export type ImageRegistry = z.output<typeof imageRegistry>;
