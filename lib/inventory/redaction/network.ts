/** The allow-lists of kinds about what foreign network policies refer to. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { list, record, type Shape, text } from "./shape";

/** CiliumCIDRGroup: addresses that rules name by the group. */
export const ciliumCIDRGroupBody: CustomBody = record({ spec: record({ externalCIDRs: list(text) }) });

const netsBody: CustomBody = record({ spec: record({ nets: list(text) }) });
/** Calico NetworkSet: addresses that selectors name by the set's labels. */
export const networkSetBody: CustomBody = netsBody;
/** Calico GlobalNetworkSet, the same for the whole cluster. */
export const globalNetworkSetBody: CustomBody = netsBody;

/** Calico lets an order be a fraction. */
const order: Shape<number> = (value, at) =>
  typeof value === "number" && Number.isFinite(value) ? value : at.fail("must be a number");
/** Calico Tier: where its policies stand, and what happens to traffic that none of them decides. */
export const tierBody: CustomBody = record({ spec: record({ order, defaultAction: text }) });
