/** Until when suppliers support what a release of this product doesn't know: add-ons, node images, vendor builds (PCI DSS 12.3.4). */
import { z } from "zod";
import { moment, name } from "./approval";

export const componentSupport = z.strictObject({
  /**
   * What it is about: the beginning of an image without its tag (`registry.example.com/mirror/kyverno`), of a node's osImage
   * (`Bottlerocket OS`) or of its runtime (`containerd://2.3`).
   */
  component: name,
  /** The versions: the beginning of the version, for example `1.19.`; absent: every one. */
  version: name.optional(),
  supportedUntil: moment,
  /** Where the supplier says so, and when it was read. */
  source: name,
  seenAt: moment,
});
export type ComponentSupport = z.output<typeof componentSupport>;
