/** A place in the snapshot that an answer rests on; controls hand it on as their evidence. */
import type { ResourceRef } from "@/lib/inventory/inventory";

export interface EvidenceLike {
  ref: ResourceRef;
  pointer: string;
  found?: string;
}
