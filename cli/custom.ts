/**
 * Own controls beside the catalogue (`--custom FILE`): definitions in YAML, as the server keeps them, in the language of admission
 * policies. They run in this process and without a limit of time: whoever scans wrote them or chose the file.
 */
import { readFile } from "node:fs/promises";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { customDefinition } from "@/lib/api/custom-controls";
import { checkCustomControl } from "@/lib/controls/custom/check";
import { customControl } from "@/lib/controls/custom/control";
import { evaluateCustomControl } from "@/lib/controls/custom/evaluate";
import type { Control } from "@/lib/controls/types";
import type { SectionName } from "@/lib/inventory/snapshot";
import { UsageError } from "./usage-error";

/** The controls of the files. Throws UsageError that names file and place for anything that is wrong: half a set of rules is none. */
export async function readCustomControls(files: readonly string[]): Promise<Control[]> {
  const controls: Control[] = [];
  for (const file of files) {
    for (const definition of definitionsIn(file, await readText(file))) {
      const own = { ...definition, kinds: definition.kinds as SectionName[], revision: 1 };
      const { compiled, problems } = checkCustomControl(own);
      if (compiled === null) {
        const words = problems.map(({ where, problem }) => `${where}: ${problem}`).join("; ");
        throw new UsageError(`${file}: ${definition.id}: ${words}`);
      }
      if (controls.some(({ id }) => id === own.id)) throw new UsageError(`${file}: ${own.id} is defined twice`);
      controls.push(customControl(own, (context) => evaluateCustomControl(compiled, context)));
    }
  }
  return controls;
}

/** A document holds one definition or a list of them. */
function definitionsIn(file: string, text: string): z.infer<typeof customDefinition>[] {
  return parseAllDocuments(text).flatMap((each, i) => {
    const [error] = each.errors;
    if (error !== undefined) throw new UsageError(`${file}: ${error.message.split("\n")[0] ?? "is no YAML"}`);
    const value: unknown = each.toJS({ maxAliasCount: 50 });
    if (value === null) return [];
    // Asked by shape first, so that a message is about the definition and not about both readings of the document.
    const parsed = Array.isArray(value)
      ? z.array(customDefinition).safeParse(value)
      : customDefinition.safeParse(value);
    if (parsed.success) return [parsed.data].flat();
    const [issue] = parsed.error.issues;
    const place = [`document ${i + 1}`, ...(issue?.path ?? [])].join(".");
    throw new UsageError(`${file}: ${place}: ${issue?.message ?? "is no definition of a control"}`);
  });
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch {
    throw new UsageError(`the file ${file} can't be read as text`);
  }
}
