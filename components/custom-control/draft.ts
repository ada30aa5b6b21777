/** A control while it is being written: a definition in the shape of a form. */
import type { CustomDefinition, DefinitionProblem } from "@/lib/api/custom-controls";
import { parseSelector, selectorText } from "./selector";

/** A line of a list; `line` tells lines apart while they are moved about. */
type Line<T> = T & { line: number };
export interface Draft {
  id: string;
  title: string;
  severity: CustomDefinition["severity"];
  why: string;
  kinds: string[];
  scope: CustomDefinition["scope"];
  namespaceSelector: string;
  objectSelector: string;
  matchConditions: Line<{ name: string; expression: string }>[];
  variables: Line<{ name: string; expression: string }>[];
  validations: Line<{ expression: string; message: string; messageExpression: string }>[];
  requirements: Line<CustomDefinition["requirements"][number]>[];
}

let lines = 0;
export function newLine<T extends object>(fields: T): Line<T> {
  lines += 1;
  return { ...fields, line: lines };
}

export function emptyDraft(): Draft {
  return {
    id: "custom-",
    title: "",
    severity: "medium",
    why: "",
    kinds: [],
    scope: [],
    namespaceSelector: "",
    objectSelector: "",
    matchConditions: [],
    variables: [],
    validations: [newLine({ expression: "", message: "", messageExpression: "" })],
    requirements: [],
  };
}

export function draftOf(definition: CustomDefinition): Draft {
  const { namespaceSelector, objectSelector, matchConditions, variables, validations, requirements, ...rest } =
    definition;
  return {
    ...rest,
    namespaceSelector: selectorText(namespaceSelector),
    objectSelector: selectorText(objectSelector),
    matchConditions: matchConditions.map(newLine),
    variables: variables.map(newLine),
    validations: validations.map(({ expression, message = "", messageExpression = "" }) =>
      newLine({ expression, message, messageExpression }),
    ),
    requirements: requirements.map(newLine),
  };
}

/** The definition that the form says, and what of the form itself is wrong. */
export function definitionOf(draft: Draft): { definition: CustomDefinition; problems: DefinitionProblem[] } {
  const problems: DefinitionProblem[] = [];
  const selector = (where: "namespaceSelector" | "objectSelector") => {
    const parsed = parseSelector(draft[where]);
    if (parsed === null)
      problems.push({ where, problem: "is no label selector, such as env=prod, team in (pay, core)" });
    return parsed ?? undefined;
  };
  const named = ({ name, expression }: { name: string; expression: string }) => ({ name: name.trim(), expression });
  const namespaceSelector = selector("namespaceSelector");
  const objectSelector = selector("objectSelector");
  const definition: CustomDefinition = {
    id: draft.id.trim(),
    title: draft.title.trim(),
    severity: draft.severity,
    why: draft.why.trim(),
    kinds: draft.kinds,
    scope: draft.scope,
    ...(namespaceSelector === undefined ? {} : { namespaceSelector }),
    ...(objectSelector === undefined ? {} : { objectSelector }),
    matchConditions: draft.matchConditions.map(named),
    variables: draft.variables.map(named),
    validations: draft.validations.map(({ expression, message, messageExpression }) => ({
      expression,
      ...(message.trim() === "" ? {} : { message: message.trim() }),
      ...(messageExpression.trim() === "" ? {} : { messageExpression }),
    })),
    requirements: draft.requirements.map(({ requirement, kind, rationale }) => ({
      requirement: requirement.trim(),
      kind,
      rationale: rationale.trim(),
    })),
  };
  return { definition, problems };
}
