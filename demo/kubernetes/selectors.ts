/**
 * Label and field selectors, as in the query strings of the API
 * (Kubernetes documentation, "Labels and Selectors" and "Field Selectors").
 */
import type { ApiObject, LabelSelector } from "./objects";
import { badRequest } from "./status";

export type Predicate = (object: ApiObject) => boolean;

interface Requirement {
  key: string;
  operator: "in" | "notin" | "exists" | "notexists";
  values: string[];
}

function matchesRequirement(labels: Record<string, string>, requirement: Requirement): boolean {
  const value = labels[requirement.key];
  switch (requirement.operator) {
    case "exists":
      return value !== undefined;
    case "notexists":
      return value === undefined;
    case "in":
      return value !== undefined && requirement.values.includes(value);
    case "notin":
      // An object without the key also satisfies `notin` and `!=`.
      return value === undefined || !requirement.values.includes(value);
  }
}

const KEY = "[A-Za-z0-9./_-]+";
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s+\\(([^)]*)\\)$`);
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*([A-Za-z0-9._-]*)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

/** Splits at commas that are outside parentheses. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    else if (text[i] === ")") depth--;
    else if (text[i] === "," && depth === 0) {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  terms.push(text.slice(start));
  return terms.map((term) => term.trim()).filter((term) => term !== "");
}

/** @throws StatusError 400 when the selector cannot be parsed. */
export function parseLabelSelector(text: string): Predicate {
  const requirements = splitTerms(text).map((term): Requirement => {
    const set = SET.exec(term);
    if (set) {
      return {
        key: set[1]!,
        operator: set[2] as "in" | "notin",
        values: set[3]!.split(",").map((value) => value.trim()),
      };
    }
    const equality = EQUALITY.exec(term);
    if (equality) return { key: equality[1]!, operator: equality[2] === "!=" ? "notin" : "in", values: [equality[3]!] };
    const exists = EXISTS.exec(term);
    if (exists) return { key: exists[2]!, operator: exists[1] ? "notexists" : "exists", values: [] };
    throw badRequest(`unable to parse requirement: ${term}`);
  });
  return (object) => requirements.every((requirement) => matchesRequirement(object.metadata.labels ?? {}, requirement));
}

/** Whether labels satisfy a LabelSelector object. An absent selector matches nothing, an empty one everything. */
export function matchesLabelSelector(labels: Record<string, string>, selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return false;
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  return (selector.matchExpressions ?? []).every((expression) =>
    matchesRequirement(labels, {
      key: expression.key,
      operator:
        expression.operator === "In"
          ? "in"
          : expression.operator === "NotIn"
            ? "notin"
            : expression.operator === "Exists"
              ? "exists"
              : "notexists",
      values: expression.values ?? [],
    }),
  );
}

/** The fields that each kind can be selected by, besides metadata.name and metadata.namespace. */
const SELECTABLE: Record<string, string[]> = {
  Pod: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  Node: ["spec.unschedulable"],
  Namespace: ["status.phase"],
  Secret: ["type"],
  ReplicaSet: ["status.replicas"],
  ReplicationController: ["status.replicas"],
  Job: ["status.successful"],
  Event: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "reason",
    "type",
  ],
  Service: ["spec.clusterIP", "spec.type"],
};

function fieldText(object: ApiObject, path: string): string {
  let value: unknown = object;
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null) return "";
    value = (value as Record<string, unknown>)[part];
  }
  return value === undefined || value === null ? "" : String(value);
}

/** @throws StatusError 400 for a field that the kind cannot be selected by. */
export function parseFieldSelector(text: string, kind: string): Predicate {
  const allowed = new Set(["metadata.name", "metadata.namespace", ...(SELECTABLE[kind] ?? [])]);
  const terms = splitTerms(text).map((term) => {
    const match = /^([^=!]+)(==|=|!=)(.*)$/.exec(term);
    if (!match) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const field = match[1]!.trim();
    if (!allowed.has(field)) throw badRequest(`field label not supported: ${field}`);
    return { field, negated: match[2] === "!=", value: match[3]! };
  });
  return (object) => terms.every((term) => (fieldText(object, term.field) === term.value) !== term.negated);
}
