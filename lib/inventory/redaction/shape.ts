/**
 * Shapes: the little language in which each kind's allow-list is written.
 *
 * A shape takes an unknown value and gives the typed one that it stands for. Object shapes keep exactly the fields that they
 * list, in the order of the list (so that equal objects have equal bytes), and drop and count everything else. A listed field
 * of the wrong type fails with its path, because a control must not judge what the API server would never have accepted.
 *
 * `null` counts as absent, as in Kubernetes' own decoding; a null element in a list of objects is the empty object (that is how
 * `ingress: [null]` in a NetworkPolicy comes to allow everything).
 */
import { findSecret, REDACTED } from "../secret-net";

/** Longest text that is carried; anything longer in these kinds is not configuration. */
export const MAX_STRING_LENGTH = 64 * 1024;
/** Deepest nesting that is carried, counted from the object. */
export const MAX_DEPTH = 32;

export class ShapeError extends Error {}

/** Where the projection stands, what it has dropped, and how it was asked to work. */
export class Cursor {
  readonly path: (string | number)[] = [];
  /** Fields and values that were taken out so far. */
  dropped = 0;
  /** First secret that the net caught, if any. */
  secretAt: string | undefined;
  /** True for control-plane static pods, whose flags are evidence. */
  keepsFlagValues = false;

  /** Something that the API server would refuse and that hides nothing of the rest: the object is kept, and this is its problem. */
  defect: string | undefined;

  /**
   * `isParsing`: the value is a projected object already, as on the server; facts are read instead of computed.
   * `keepsIncomplete`: an object with a defect is kept beside its problem, so that what it does show is still judged.
   */
  constructor(
    readonly isParsing: boolean,
    readonly keepsIncomplete = false,
  ) {}

  fail(message: string): never {
    throw new ShapeError(`${this.where()} ${message}`);
  }
  where(): string {
    let text = "";
    for (const step of this.path) text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
    return text === "" ? "the object" : text;
  }
  /** Runs `shape` one step below. */
  step<T>(step: string | number, shape: Shape<T>, value: unknown): T {
    if (this.path.length >= MAX_DEPTH) this.fail(`is nested deeper than ${MAX_DEPTH} levels`);
    this.path.push(step);
    const result = shape(value, this);
    this.path.pop();
    return result;
  }
}

export type Shape<T> = (value: unknown, at: Cursor) => T;

/**
 * What a shape keeps, for those who must know which fields a snapshot can hold at all (custom controls).
 * `any`: kept as it is, or not described. `hidden`: only that it is there, or only a redacted text.
 */
export type Form =
  | { kind: "any" }
  | { kind: "hidden" }
  | { kind: "list"; of: Form }
  | { kind: "map"; of: Form }
  | { kind: "object"; fields: ReadonlyMap<string, Form> };

const ANY: Form = { kind: "any" };
const forms = new WeakMap<object, Form>();

/** The form of a shape; `any` for one that has not been described. */
export function formOf(shape: unknown): Form {
  return (typeof shape === "function" ? forms.get(shape) : undefined) ?? ANY;
}
/** Describes a shape that is written by hand; answers the shape. */
export function described<T>(shape: Shape<T>, form: Form): Shape<T> {
  forms.set(shape, form);
  return shape;
}
/** The form of an object shape with some fields replaced. */
export function formWith(shape: unknown, fields: Readonly<Record<string, Form>>): Form {
  const form = formOf(shape);
  return form.kind === "object"
    ? { kind: "object", fields: new Map([...form.fields, ...Object.entries(fields)]) }
    : form;
}
type Fields<T> = { [K in keyof T]-?: Shape<NonNullable<T[K]>> };

/** A text; a secret inside is replaced and counted. */
export const text: Shape<string> = (value, at) => {
  if (typeof value !== "string") return at.fail(`must be a string, is ${typeName(value)}`);
  if (value.length > MAX_STRING_LENGTH) return at.fail(`is longer than ${MAX_STRING_LENGTH} characters`);
  if (findSecret(value) === null) return value;
  at.secretAt ??= at.where();
  at.dropped += 1;
  return REDACTED;
};

const UUID_OR_TIME =
  /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)$/;
/** A UUID or a time that the API server made: its digits mean nothing to the net. Anything else is read as text. */
export const identifier: Shape<string> = (value, at) =>
  typeof value === "string" && UUID_OR_TIME.test(value) ? value : text(value, at);

/** An integer that JavaScript holds exactly. */
export const integer: Shape<number> = (value, at) => {
  if (typeof value === "bigint") return at.fail("is too large to be read exactly");
  if (typeof value !== "number" || !Number.isInteger(value))
    return at.fail(`must be an integer, is ${typeName(value)}`);
  return Number.isSafeInteger(value) ? value : at.fail("is too large to be read exactly");
};

export const flag: Shape<boolean> = (value, at) =>
  typeof value === "boolean" ? value : at.fail(`must be true or false, is ${typeName(value)}`);

export const intOrString: Shape<number | string> = (value, at) =>
  typeof value === "string" ? text(value, at) : integer(value, at);

/** A quantity (`500m`, `1Gi`); the API also accepts a bare number. */
export const quantity: Shape<string> = (value, at) => (typeof value === "number" ? String(value) : text(value, at));

export function oneOf<const T extends string>(...values: T[]): Shape<T> {
  return (value, at) => values.find((v) => v === value) ?? at.fail(`must be one of ${values.join(", ")}`);
}

/** Only that the field is there; whatever it holds is dropped. */
export const presence: Shape<Record<string, never>> = (value, at) => {
  if (!isObject(value)) return at.fail(`must be an object, is ${typeName(value)}`);
  at.dropped += Object.keys(value).length;
  return {};
};
forms.set(presence, { kind: "hidden" });

export function list<T>(of: Shape<T>): Shape<T[]> {
  return described<T[]>(
    (value, at) => {
      if (!Array.isArray(value)) return at.fail(`must be a list, is ${typeName(value)}`);
      return value.map((element: unknown, i) => at.step(i, of, element));
    },
    { kind: "list", of: formOf(of) },
  );
}

/** A list that must not be empty: a control over an empty one would pass without having looked at anything. */
export function filledList<T>(of: Shape<T>): Shape<T[]> {
  const plain = list(of);
  return described<T[]>((value, at) => {
    const result = plain(value, at);
    return result.length === 0 ? at.fail("must not be empty") : result;
  }, formOf(plain));
}

/** Any key, values of one shape, keys in code unit order. */
export function map<T>(of: Shape<T>): Shape<Record<string, T>> {
  return described<Record<string, T>>(
    (value, at) => {
      if (!isObject(value)) return at.fail(`must be an object, is ${typeName(value)}`);
      const out: Record<string, T> = {};
      for (const key of Object.keys(value).sort()) {
        const element = value[key];
        if (key === "__proto__" || element === null || element === undefined) continue;
        if (findSecret(key) !== null) {
          at.secretAt ??= `${at.where()} (a key)`;
          at.dropped += 1;
          continue;
        }
        out[key] = at.step(key, of, element);
      }
      return out;
    },
    { kind: "map", of: formOf(of) },
  );
}

/** Exactly these fields; `required` ones must be there. */
export function object<T extends object>(fields: Fields<T>, required: readonly (keyof T & string)[] = []): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const form = new Map(names.map((name) => [name as string, formOf(fields[name])]));
  return described<T>(
    (input, at) => {
      const value = input ?? {};
      if (!isObject(value)) return at.fail(`must be an object, is ${typeName(value)}`);
      const out: Partial<T> = {};
      let listed = 0;
      for (const name of names) {
        if (!Object.hasOwn(value, name)) continue;
        listed += 1;
        const field = value[name];
        if (field === null || field === undefined) continue;
        const kept = at.step(name, fields[name], field);
        if (kept !== undefined) out[name] = kept;
      }
      at.dropped += Object.keys(value).length - listed;
      for (const name of required) if (out[name] === undefined) at.fail(`lacks ${name}`);
      return out as T;
    },
    { kind: "object", fields: form },
  );
}

/** Like object() for kinds whose schema belongs to somebody else and which are read as records. */
export function record(
  fields: Record<string, Shape<unknown>>,
  required: readonly string[] = [],
): Shape<Record<string, unknown>> {
  return object<Record<string, unknown>>(fields as Fields<Record<string, unknown>>, required);
}

/**
 * Any JSON, for the parts of policies whose whole meaning is their content (a Kyverno pattern, a selector of another engine).
 * Every text still goes through the net, and members that by their name hold credentials are dropped.
 */
export const open: Shape<unknown> = (value, at) => {
  if (typeof value === "string") return text(value, at);
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : at.fail("must be a finite number");
  if (Array.isArray(value)) return value.map((element: unknown, i) => at.step(i, open, element));
  if (!isObject(value)) return at.fail(`must be JSON, is ${typeName(value)}`);
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(value).sort()) {
    if (key === "__proto__" || CREDENTIAL_MEMBER.test(key) || findSecret(key) !== null) {
      at.dropped += 1;
      continue;
    }
    out[key] = at.step(key, open, value[key]);
  }
  return out;
};
const CREDENTIAL_MEMBER =
  /^(headers?|headerMatches|httpHeaders|password|token|caBundle|publicKeys?|certificate|keyData|data|stringData)$/;

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object"
    ? "an object"
    : typeof value === "number" && !Number.isInteger(value)
      ? "a fraction"
      : `a ${typeof value}`;
}
