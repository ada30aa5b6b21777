/**
 * Calico's selector language (its reference, "Selectors") as a test over labels.
 *
 *   or   := and ("||" and)*      and := unary ("&&" unary)*      unary := "!" unary | "(" or ")" | term
 *   term := all() | global() | has(k) | k == "v" | k != "v" | k in {"a", "b"} | k not in {…}
 *         | k contains "v" | k starts with "v" | k ends with "v"
 *
 * `k != "v"` and `k not in {…}` pass where the label is missing. `global()` names what lies in no namespace, so no pod.
 */
import type { Labels } from "@/lib/inventory/selectors";
import { EVERY_LABEL_SET } from "./label-tests";
import type { LabelTest } from "./model";

/** The test, or null when the text is no selector. An empty one passes everything. */
export function calicoSelector(text: string): LabelTest | null {
  const trimmed = text.trim();
  if (trimmed === "" || trimmed === "all()") return EVERY_LABEL_SET;
  const tokens = tokensOf(trimmed);
  if (tokens === null) return null;
  const parser = new Parser(tokens);
  try {
    const test = parser.or();
    if (!parser.isAtEnd()) return null;
    return { key: `calico ${trimmed}`, isEvery: false, test, mentions: parser.mentions, requires: null };
  } catch (error) {
    if (error instanceof NoSelector) return null;
    throw error;
  }
}

/** Both, or whichever is there. */
export function bothTests(a: LabelTest, b: LabelTest): LabelTest {
  if (a.isEvery) return b;
  if (b.isEvery) return a;
  const mentions = new Map<string, readonly string[]>(a.mentions);
  for (const [key, values] of b.mentions) mentions.set(key, [...(mentions.get(key) ?? []), ...values]);
  return {
    key: `(${a.key}) && (${b.key})`,
    isEvery: false,
    test: (labels) => a.test(labels) && b.test(labels),
    mentions,
    requires: a.requires ?? b.requires,
  };
}
export function notTest(a: LabelTest): LabelTest {
  return { ...a, key: `!(${a.key})`, isEvery: false, test: (labels) => !a.test(labels), requires: null };
}

class NoSelector extends Error {}
type Test = (labels: Labels) => boolean;

const TOKEN =
  /\s*(?:(&&|\|\||==|!=|!|\(|\)|\{|\}|,)|"([^"]*)"|'([^']*)'|(not\s+in\b|starts\s+with\b|ends\s+with\b|contains\b|in\b)|([A-Za-z0-9_./-]+))/y;

interface Token {
  kind: "sign" | "text" | "word" | "name";
  text: string;
}

function tokensOf(text: string): Token[] | null {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) return text.slice(at).trim() === "" ? out : null;
    const [, sign, double, single, word, name] = match;
    if (sign !== undefined) out.push({ kind: "sign", text: sign });
    else if (word !== undefined) out.push({ kind: "word", text: word.replaceAll(/\s+/g, " ") });
    else if (name !== undefined) out.push({ kind: "name", text: name });
    else out.push({ kind: "text", text: double ?? single ?? "" });
  }
  return out;
}

/** Deepest nesting of brackets and negations that is read. */
const MAX_DEPTH = 64;

class Parser {
  readonly mentions = new Map<string, string[]>();
  private position = 0;
  private depth = 0;
  constructor(private readonly tokens: readonly Token[]) {}

  isAtEnd(): boolean {
    return this.position === this.tokens.length;
  }
  or(): Test {
    const parts = [this.and()];
    while (this.takes("||")) parts.push(this.and());
    return (labels) => parts.some((part) => part(labels));
  }
  private and(): Test {
    const parts = [this.unary()];
    while (this.takes("&&")) parts.push(this.unary());
    return (labels) => parts.every((part) => part(labels));
  }
  private unary(): Test {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new NoSelector();
    const test = this.negated() ?? this.term();
    this.depth -= 1;
    return test;
  }
  private negated(): Test | null {
    if (this.takes("!")) {
      const inner = this.unary();
      return (labels) => !inner(labels);
    }
    if (!this.takes("(")) return null;
    const inner = this.or();
    this.expect(")");
    return inner;
  }
  private term(): Test {
    const name = this.take("name");
    if (name === "all" || name === "global" || name === "has") {
      if (this.takes("(")) return this.call(name);
    }
    if (this.takes("==")) return this.compare(name, [this.take("text")], true);
    if (this.takes("!=")) return this.compare(name, [this.take("text")], false);
    const word = this.take("word");
    if (word === "in") return this.compare(name, this.set(), true);
    if (word === "not in") return this.compare(name, this.set(), false);
    const wanted = this.take("text");
    this.mention(name, [wanted]);
    return (labels) => {
      const value = valueOf(labels, name);
      if (value === undefined) return false;
      if (word === "contains") return value.includes(wanted);
      return word === "starts with" ? value.startsWith(wanted) : value.endsWith(wanted);
    };
  }
  private call(name: "all" | "global" | "has"): Test {
    if (name === "has") {
      const key = this.take("name");
      this.expect(")");
      this.mention(key, []);
      return (labels) => valueOf(labels, key) !== undefined;
    }
    this.expect(")");
    return () => name === "all";
  }
  private compare(key: string, values: readonly string[], isIn: boolean): Test {
    this.mention(key, values);
    return (labels) => {
      const value = valueOf(labels, key);
      return isIn === (value !== undefined && values.includes(value));
    };
  }
  private set(): string[] {
    this.expect("{");
    const values = [this.take("text")];
    while (this.takes(",")) values.push(this.take("text"));
    this.expect("}");
    return values;
  }
  private mention(key: string, values: readonly string[]): void {
    this.mentions.set(key, [...(this.mentions.get(key) ?? []), ...values]);
  }
  private takes(sign: string): boolean {
    const token = this.tokens[this.position];
    if (token?.kind !== "sign" || token.text !== sign) return false;
    this.position += 1;
    return true;
  }
  private expect(sign: string): void {
    if (!this.takes(sign)) throw new NoSelector();
  }
  private take(kind: Token["kind"]): string {
    const token = this.tokens[this.position];
    if (token?.kind !== kind) throw new NoSelector();
    this.position += 1;
    return token.text;
  }
}

function valueOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
