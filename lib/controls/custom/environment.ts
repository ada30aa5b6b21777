/**
 * The CEL environment of custom controls: cel-js with the functions that Kubernetes adds, as far as they are here. What is not here
 * is refused when a definition is checked, so that nothing is ever judged by a function that does something else.
 * Source: kubernetes.io, "Common Expression Language in Kubernetes"; k8s.io/apiserver/pkg/cel/library for the names.
 */
import { Environment } from "@marcbachmann/cel-js";
import { toRegExp } from "./patterns";
import { registerAddresses } from "./addresses";
import { NANO, parseQuantity } from "./quantity";

/** Structural limits of one expression. */
const LIMITS = { maxAstNodes: 2_000, maxDepth: 60, maxListElements: 500, maxMapEntries: 200, maxCallArguments: 16 };

/** A resource quantity in billionths of its unit. */
export class Quantity {
  constructor(readonly nanos: bigint) {}
}

type Values = unknown[];

/** A fresh environment with the variables of an admission policy that a snapshot can fill. */
export function createEnvironment(): Environment {
  const env = new Environment({
    unlistedVariablesAreDyn: false,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: LIMITS,
  });
  for (const name of ["object", "oldObject", "namespaceObject", "variables"]) env.registerVariable(name, "dyn");
  registerLists(env);
  registerTexts(env);
  registerSets(env);
  registerAddresses(env);
  registerQuantities(env);
  return env;
}

function registerLists(env: Environment): void {
  env.registerFunction("list.isSorted(): bool", (list: Values) =>
    list.every((value, i) => i === 0 || order(list[i - 1], value) <= 0),
  );
  env.registerFunction("list.sum(): dyn", (list: Values) =>
    list.every((value) => typeof value === "bigint")
      ? (list as bigint[]).reduce((sum, value) => sum + value, 0n)
      : list.reduce<number>((sum, value) => sum + asNumber(value), 0),
  );
  env.registerFunction("list.min(): dyn", (list: Values) => extreme(list, -1));
  env.registerFunction("list.max(): dyn", (list: Values) => extreme(list, 1));
  env.registerFunction("list.indexOf(dyn): int", (list: Values, wanted: unknown) =>
    BigInt(list.findIndex((value) => order(value, wanted) === 0)),
  );
  env.registerFunction("list.lastIndexOf(dyn): int", (list: Values, wanted: unknown) =>
    BigInt(list.findLastIndex((value) => order(value, wanted) === 0)),
  );
}

function registerTexts(env: Environment): void {
  env.registerFunction(
    "string.find(string): string",
    (text: string, pattern: string) => toRegExp(pattern).exec(text)?.[0] ?? "",
  );
  env.registerFunction("string.findAll(string): list<string>", (text: string, pattern: string) =>
    [...text.matchAll(toRegExp(pattern, "g"))].map((match) => match[0]),
  );
  env.registerFunction("string.charAt(int): string", (text: string, at: bigint) => {
    const signs = Array.from(text);
    // The end itself is a place without a character; beyond it is an error.
    if (at < 0n || at > signs.length) throw new Error(`there is no character ${at} in a text of ${signs.length}`);
    return signs[Number(at)] ?? "";
  });
  env.registerFunction("string.replace(string, string): string", (text: string, old: string, by: string) =>
    text.replaceAll(old, () => by),
  );
}

/** `sets.contains(list, sublist)` and its like: a namespace in CEL, a constant with methods here. */
class Sets {}

function registerSets(env: Environment): void {
  env.registerType("Sets", { ctor: Sets, fields: {} });
  env.registerConstant("sets", "Sets", new Sets());
  const holds = (list: Values, wanted: unknown) => list.some((value) => isSame(value, wanted));
  const contains = (list: Values, wanted: Values) => wanted.every((value) => holds(list, value));
  env.registerFunction("Sets.contains(list, list): bool", (_: Sets, list: Values, wanted: Values) =>
    contains(list, wanted),
  );
  env.registerFunction(
    "Sets.equivalent(list, list): bool",
    (_: Sets, a: Values, b: Values) => contains(a, b) && contains(b, a),
  );
  env.registerFunction("Sets.intersects(list, list): bool", (_: Sets, a: Values, b: Values) =>
    b.some((value) => holds(a, value)),
  );
}

/** CEL's equality for what a set is made of; anything deeper has no answer here. */
function isSame(a: unknown, b: unknown): boolean {
  for (const value of [a, b]) {
    if (typeof value === "object" && value !== null) throw new Error("sets of lists or maps can't be compared here");
  }
  if (typeof a === "bigint" && typeof b === "number") return Number(a) === b;
  if (typeof a === "number" && typeof b === "bigint") return a === Number(b);
  return a === b;
}

function registerQuantities(env: Environment): void {
  env.registerType("Quantity", { ctor: Quantity, fields: {} });
  env.registerFunction("quantity(string): Quantity", quantityOf);
  env.registerFunction("isQuantity(string): bool", (text: string) => parseQuantity(text) !== null);
  env.registerFunction("Quantity.isGreaterThan(Quantity): bool", (a: Quantity, b: Quantity) => a.nanos > b.nanos);
  env.registerFunction("Quantity.isLessThan(Quantity): bool", (a: Quantity, b: Quantity) => a.nanos < b.nanos);
  env.registerFunction("Quantity.compareTo(Quantity): int", (a: Quantity, b: Quantity) => signOf(a.nanos - b.nanos));
  env.registerFunction("Quantity.sign(): int", (a: Quantity) => signOf(a.nanos));
  env.registerFunction("Quantity.asApproximateFloat(): double", (a: Quantity) => Number(a.nanos) / Number(NANO));
  env.registerFunction("Quantity.isInteger(): bool", (a: Quantity) => a.nanos % NANO === 0n);
  env.registerFunction("Quantity.asInteger(): int", (a: Quantity) => {
    if (a.nanos % NANO !== 0n) throw new Error("the quantity is no whole number");
    return a.nanos / NANO;
  });
  env.registerFunction(
    "Quantity.add(Quantity): Quantity",
    (a: Quantity, b: Quantity) => new Quantity(a.nanos + b.nanos),
  );
  env.registerFunction("Quantity.add(int): Quantity", (a: Quantity, b: bigint) => new Quantity(a.nanos + b * NANO));
  env.registerFunction(
    "Quantity.sub(Quantity): Quantity",
    (a: Quantity, b: Quantity) => new Quantity(a.nanos - b.nanos),
  );
  env.registerFunction("Quantity.sub(int): Quantity", (a: Quantity, b: bigint) => new Quantity(a.nanos - b * NANO));
  env.registerOperator("Quantity == Quantity", (a: Quantity, b: Quantity) => a.nanos === b.nanos);
}

function quantityOf(text: string): Quantity {
  const nanos = parseQuantity(text);
  if (nanos === null) throw new Error(`"${text}" is no quantity`);
  return new Quantity(nanos);
}
function signOf(value: bigint): bigint {
  return value > 0n ? 1n : value < 0n ? -1n : 0n;
}

function order(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === "boolean" && typeof b === "boolean") return Number(a) - Number(b);
  const [x, y] = [asNumber(a), asNumber(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
function asNumber(value: unknown): number {
  if (typeof value === "bigint" || typeof value === "number") return Number(value);
  throw new Error("values that can't be ordered");
}
function extreme(list: Values, sign: 1 | -1): unknown {
  if (list.length === 0) throw new Error("an empty list has neither smallest nor largest value");
  return list.reduce((best, value) => (order(value, best) * sign > 0 ? value : best));
}
