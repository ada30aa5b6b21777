/**
 * Which fields an expression reads, held against the fields that a snapshot can hold.
 *
 * Redaction drops what is not on the allow-list of its kind. An expression over such a field would find it absent, and
 * `!has(object.spec…)` would pass on every cluster. So it is refused when the definition is checked.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { type Form, fieldsOfSection } from "@/lib/inventory/redaction";

const ANY: Form = { kind: "any" };
type Scope = ReadonlyMap<string, Form>;

/** A field that the snapshot never holds, as the expression writes it. */
export interface UnreadField {
  path: string;
  /**
   * `hidden`: its value is redacted, though it is there. `whole`: an object is asked for all that it holds (its keys, their number,
   * whether it equals another), and a snapshot holds only the fields that are read.
   */
  why: "not-read" | "hidden" | "whole";
}

/**
 * @param variables forms of the policy's variables by name
 * @returns the fields that can't be judged, and the form of the whole expression
 */
export function checkFields(
  ast: ASTNode,
  object: Form,
  variables: ReadonlyMap<string, Form>,
): { unread: UnreadField[]; form: Form } {
  const unread: UnreadField[] = [];
  const root: Scope = new Map<string, Form>([
    ["object", object],
    ["oldObject", object],
    ["namespaceObject", fieldsOfSection("namespaces")],
    ["variables", { kind: "object", fields: variables }],
  ]);
  const form = walk(ast, root, unread);
  return { unread, form };
}

function walk(node: ASTNode, scope: Scope, unread: UnreadField[]): Form {
  switch (node.op) {
    case "value":
      return ANY;
    case "id":
      return scope.get(node.args) ?? ANY;
    case ".":
    case ".?":
      return select(node, walk(node.args[0], scope, unread), node.args[1], unread);
    case "[]":
    case "[?]": {
      const base = walk(node.args[0], scope, unread);
      const key = node.args[1];
      if (key.op === "value" && typeof key.args === "string") return select(node, base, key.args, unread);
      walk(key, scope, unread);
      if (base.kind === "list" || base.kind === "map") return base.of;
      // Under a computed key could be a field that a snapshot never holds.
      asWhole(node.args[0], base, unread);
      return ANY;
    }
    case "call": {
      const [name, args] = node.args;
      if (name === "cel.bind") return ANY;
      const forms = args.map((each) => walk(each, scope, unread));
      if (name === "size") for (const [i, each] of args.entries()) asWhole(each, forms[i] ?? ANY, unread);
      return name === "dyn" ? (forms[0] ?? ANY) : ANY;
    }
    case "rcall":
      return walkCall(node.args, scope, unread);
    case "list":
      return { kind: "list", of: mergeForms(node.args.map((each) => walk(each, scope, unread))) };
    case "map":
      for (const [key, value] of node.args) {
        walk(key, scope, unread);
        walk(value, scope, unread);
      }
      return ANY;
    case "?:": {
      walk(node.args[0], scope, unread);
      return mergeForms([walk(node.args[1], scope, unread), walk(node.args[2], scope, unread)]);
    }
    case "!_":
    case "-_":
      walk(node.args, scope, unread);
      return ANY;
    default: {
      const [left, right] = node.args as [ASTNode, ASTNode];
      const forms = [walk(left, scope, unread), walk(right, scope, unread)];
      if (node.op === "in") checkKey(node, left, right, forms[1] ?? ANY, unread);
      if ((node.op === "==" || node.op === "!=") && !isEmpty(left) && !isEmpty(right)) {
        asWhole(left, elementOf(forms[0] ?? ANY), unread);
        asWhole(right, elementOf(forms[1] ?? ANY), unread);
      }
      return node.op === "+" ? mergeForms(forms) : ANY;
    }
  }
}

/** Macros bind their first argument to the elements of a list, or to the keys of a map. */
const MACROS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "existsOne", "filter", "map"]);

function walkCall([name, receiver, args]: [string, ASTNode, ASTNode[]], scope: Scope, unread: UnreadField[]): Form {
  if (receiver.op === "id" && receiver.args === "cel" && name === "bind") return walkBind(args, scope, unread);
  const base = walk(receiver, scope, unread);
  const [binder, ...rest] = args;
  if (MACROS.has(name) || name === "size") asWhole(receiver, base, unread);
  if (MACROS.has(name) && binder?.op === "id") {
    const inner = new Map([...scope, [binder.args, base.kind === "list" ? base.of : ANY] as const]);
    const forms = rest.map((each) => walk(each, inner, unread));
    if (name === "filter") return base;
    if (name === "map") return { kind: "list", of: forms.at(-1) ?? ANY };
    return ANY;
  }
  const forms = args.map((each) => walk(each, scope, unread));
  if (name === "orValue") return mergeForms([base, ...forms]);
  return name === "value" || name === "or" ? base : ANY;
}

function walkBind([name, value, body]: readonly ASTNode[], scope: Scope, unread: UnreadField[]): Form {
  if (name?.op !== "id" || value === undefined || body === undefined) return ANY;
  return walk(body, new Map([...scope, [name.args, walk(value, scope, unread)]]), unread);
}

function select(node: ASTNode, base: Form, field: string, unread: UnreadField[]): Form {
  if (base.kind === "map") return base.of;
  if (base.kind !== "object") return ANY;
  const form = base.fields.get(field);
  if (form === undefined) {
    unread.push({ path: textOf(node), why: "not-read" });
    return ANY;
  }
  if (form.kind === "hidden") unread.push({ path: textOf(node), why: "hidden" });
  return form;
}

/** `'name' in object.spec` asks for a field as has() does. */
function checkKey(node: ASTNode, key: ASTNode, owner: ASTNode, form: Form, unread: UnreadField[]): void {
  if (key.op === "value" && typeof key.args === "string") select(node, form, key.args, unread);
  else asWhole(owner, form, unread);
}

function asWhole(node: ASTNode, form: Form, unread: UnreadField[]): void {
  if (form.kind === "object") unread.push({ path: textOf(node), why: "whole" });
}
function elementOf(form: Form): Form {
  return form.kind === "list" ? elementOf(form.of) : form;
}
/** `null` and `[]` ask only whether there is anything. */
function isEmpty(node: ASTNode): boolean {
  if (node.op === "value") return node.args === null;
  return node.op === "list" && node.args.length === 0;
}

function textOf(node: ASTNode): string {
  return node.input.slice(node.range.start, node.range.end);
}

/** What several forms have in common; `any` where they are of different kinds. Empty lists and maps say nothing. */
function mergeForms(forms: readonly Form[]): Form {
  const known = forms.filter((form) => form.kind !== "any" && !(form.kind === "list" && form.of.kind === "any"));
  const [first, ...others] = known;
  if (first === undefined) return forms[0] ?? ANY;
  return others.reduce<Form>((merged, form) => {
    if (merged === form) return merged;
    if (merged.kind === "list" && form.kind === "list") return { kind: "list", of: mergeForms([merged.of, form.of]) };
    if (merged.kind === "object" && form.kind === "object") {
      return { kind: "object", fields: new Map([...merged.fields].filter(([name]) => form.fields.has(name))) };
    }
    return merged.kind === form.kind ? merged : ANY;
  }, first);
}
