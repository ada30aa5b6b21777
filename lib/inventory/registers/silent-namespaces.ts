/** Namespaces whose workloads write no log, so that silence in the store is no failure (PCI DSS 10.2.1). */
import { z } from "zod";
import { approvalFields, name } from "./approval";

export const silentNamespace = z.strictObject({ namespace: name, ...approvalFields });
export type SilentNamespace = z.output<typeof silentNamespace>;
