/** Everything that is wrong with a definition before it may be saved, tried or evaluated: its parts first, then its expressions. */
import { findSection } from "@/lib/inventory/sections";
import { findRequirement } from "@/lib/pci";
import { type CompiledControl, compileCustomControl } from "./compile";
import { CUSTOM_LIMITS, CUSTOM_PREFIX, type CustomControlDefinition, type DefinitionProblem } from "./types";

const ID = new RegExp(`^${CUSTOM_PREFIX}[a-z0-9]+(-[a-z0-9]+)*$`);

/** Compiles a definition whose parts are all right. */
export function checkCustomControl(
  definition: CustomControlDefinition,
): { compiled: CompiledControl; problems: [] } | { compiled: null; problems: DefinitionProblem[] } {
  const problems = partProblems(definition);
  // Expressions are held against the fields of their kinds; an unknown kind has none.
  const isCompilable = definition.kinds.every((kind) => findSection(kind) !== undefined);
  const checked = isCompilable ? compileCustomControl(definition) : { compiled: null, problems: [] };
  if (checked.compiled !== null && problems.length === 0) return checked;
  return { compiled: null, problems: [...problems, ...checked.problems] };
}

function partProblems(definition: CustomControlDefinition): DefinitionProblem[] {
  const { id, title, why, kinds, scope, requirements, matchConditions, variables, validations } = definition;
  const problems: DefinitionProblem[] = [];
  const say = (where: string, problem: string) => problems.push({ where, problem });
  if (!ID.test(id) || id.length > CUSTOM_LIMITS.idCharacters)
    say(
      "id",
      `must be ${CUSTOM_PREFIX} and small letters, digits and single dashes, at most ${CUSTOM_LIMITS.idCharacters}`,
    );
  if (title.trim() === "" || title.length > CUSTOM_LIMITS.titleCharacters)
    say("title", `1 to ${CUSTOM_LIMITS.titleCharacters} characters`);
  if (why.length > CUSTOM_LIMITS.messageCharacters) say("why", `at most ${CUSTOM_LIMITS.messageCharacters} characters`);
  for (const [i, kind] of kinds.entries()) {
    if (findSection(kind) === undefined) say(`kinds[${i}]`, `"${kind}" is not in a snapshot`);
    if (kinds.indexOf(kind) !== i) say(`kinds[${i}]`, `"${kind}" is there already`);
  }
  if (new Set(scope).size !== scope.length) say("scope", "a category is there twice");
  if (requirements.length > CUSTOM_LIMITS.requirements)
    say("requirements", `at most ${CUSTOM_LIMITS.requirements}, found ${requirements.length}`);
  for (const [i, link] of requirements.entries()) {
    if (findRequirement(link.requirement)?.kind !== "requirement")
      say(`requirements[${i}].requirement`, `"${link.requirement}" is no requirement that can be tested`);
    if (requirements.findIndex((other) => other.requirement === link.requirement) !== i)
      say(`requirements[${i}].requirement`, `${link.requirement} is there already`);
    if (link.rationale.trim() === "" || link.rationale.length > CUSTOM_LIMITS.messageCharacters)
      say(`requirements[${i}].rationale`, "say why this is evidence for the requirement");
  }
  for (const [part, named] of [
    ["matchConditions", matchConditions],
    ["variables", variables],
  ] as const) {
    for (const [i, { name }] of named.entries()) {
      if (named.findIndex((other) => other.name === name) !== i)
        say(`${part}[${i}].name`, `"${name}" is there already`);
    }
  }
  for (const [i, { expression }] of validations.entries()) {
    if (expression.trim() === "") say(`validations[${i}].expression`, "there is no expression");
  }
  return problems;
}
