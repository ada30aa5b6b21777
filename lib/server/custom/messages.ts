/** What goes to the thread of custom controls and what comes back: plain data only. */
import type { Subject } from "@/lib/controls/custom/subjects";
import type { CustomControlDefinition, DefinitionProblem } from "@/lib/controls/custom/types";
import type { Result } from "@/lib/controls/types";
import type { Namespace } from "@/lib/inventory/kinds";

export type Question =
  | { type: "define"; definition: CustomControlDefinition }
  | { type: "judge"; batch: { subject: Subject; namespace: Namespace | undefined }[] };

export type Answer =
  | { type: "ready" }
  | { type: "defined"; problems: DefinitionProblem[] }
  | { type: "judged"; results: Result[] };
