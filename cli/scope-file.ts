/** The organization's scope file: YAML that says which namespaces are CDE, and how labels are read. */
import { parse } from "yaml";
import { z } from "zod";
import { DEFAULT_SCOPE_SETTINGS, type ScopeSettings } from "@/lib/scope/types";
import { UsageError } from "./options";

/** Categories, and the label values that stand for them by default. */
const WORDS = {
  cde: "cde",
  "in-scope": "cde",
  "connected-to": "connected-to",
  "out-of-scope": "out-of-scope",
} as const;
const category = z
  .enum(["cde", "in-scope", "connected-to", "out-of-scope"])
  .transform((word): ScopeSettings["namespaces"][string] => WORDS[word]);
const labelValue = z.string().max(63);

const scopeFile = z.strictObject({
  labelKey: z.string().min(1).max(317).optional(),
  values: z
    .strictObject({ cde: labelValue, "connected-to": labelValue, "out-of-scope": labelValue })
    .partial()
    .optional(),
  namespaces: z.record(z.string().min(1).max(63), category).optional(),
  assumeUnlabelledInScope: z.boolean().optional(),
});

/** Parses the file's text over the default settings. Throws UsageError that names the file and the field. */
export function parseScopeFile(text: string, name: string): ScopeSettings {
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100, logLevel: "silent" }) ?? {};
  } catch (error) {
    throw new UsageError(
      `${name}: ${error instanceof Error ? (error.message.split("\n", 1)[0] ?? "") : String(error)}`,
    );
  }
  const result = scopeFile.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new UsageError(`${name}: ${[issue?.path.join("."), issue?.message].filter(Boolean).join(": ")}`);
  }
  const { labelKey, values, namespaces, assumeUnlabelledInScope } = result.data;
  return {
    labelKey: labelKey ?? DEFAULT_SCOPE_SETTINGS.labelKey,
    values: { ...DEFAULT_SCOPE_SETTINGS.values, ...values },
    namespaces: namespaces ?? {},
    assumeUnlabelledInScope: assumeUnlabelledInScope ?? false,
  };
}
