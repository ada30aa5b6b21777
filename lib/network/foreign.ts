/** Reading policies whose schema belongs to other projects: records in, exact values or "can't be read" out. */
import type { LabelSelector } from "@/lib/inventory/kinds";
import { labelTest, selectorProblem } from "./label-tests";
import type { LabelTest } from "./model";

export type Fields = Record<string, unknown>;

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
export function textsOf(value: unknown): string[] {
  return listOf(value).filter((item) => typeof item === "string");
}
/** The fields that are set, by name. */
export function setFields(value: Fields): string[] {
  return Object.keys(value).filter((key) => value[key] !== undefined && value[key] !== null);
}

/** A Kubernetes label selector, or null when it holds anything else or isn't valid. `keyOf` renames its keys. */
export function readSelector(value: unknown, keyOf: (key: string) => string = (key) => key): LabelTest | null {
  if (!isFields(value)) return null;
  const known = new Set(["matchLabels", "matchExpressions"]);
  if (setFields(value).some((key) => !known.has(key))) return null;
  const selector: LabelSelector = {};
  const labels = fieldsOf(value.matchLabels);
  if (Object.values(labels).some((v) => typeof v !== "string")) return null;
  selector.matchLabels = Object.fromEntries(Object.entries(labels).map(([key, v]) => [keyOf(key), v as string]));
  selector.matchExpressions = [];
  for (const item of listOf(value.matchExpressions)) {
    const { key, operator, values } = fieldsOf(item);
    if (typeof key !== "string" || !isOperator(operator)) return null;
    const needsValues = operator === "In" || operator === "NotIn";
    if (needsValues !== textsOf(values).length > 0) return null;
    selector.matchExpressions.push({ key: keyOf(key), operator, values: textsOf(values) });
  }
  return selectorProblem(selector) === null ? labelTest(selector) : null;
}

function isOperator(value: unknown): value is "In" | "NotIn" | "Exists" | "DoesNotExist" {
  return value === "In" || value === "NotIn" || value === "Exists" || value === "DoesNotExist";
}
