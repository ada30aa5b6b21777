/**
 * Renders the subset of Helm's template language that our chart uses, and refuses everything else: what this can't read, a
 * customer shouldn't have to read either.
 *
 * Known: `{{ .Values.a.b }}`, `{{ .Release.Namespace }}`, `{{ . }}` in a range, `required "message" X`, `| quote`,
 * `| default "text"`, `{{- if [not] .Values.a }}`, `{{- range .Values.a }}`, `{{- end }}`; blocks stand alone on their line.
 */
export interface ChartInput {
  values: Record<string, unknown>;
  namespace: string;
}

interface Block {
  kind: "if" | "range";
  items: unknown[];
  lines: string[];
}

/** @throws Error for a construct outside the subset, or the chart's own message for a required value that is missing */
export function renderTemplate(template: string, input: ChartInput): string {
  const root: Block = { kind: "if", items: [undefined], lines: [] };
  const stack: Block[] = [root];
  const top = () => stack[stack.length - 1] as Block;
  for (const line of template.split("\n")) {
    const block = /^\s*\{\{-\s*(.*?)\s*\}\}\s*$/.exec(line)?.[1];
    if (block === undefined) top().lines.push(line);
    else if (block === "end") {
      const closed = stack.pop() as Block;
      if (stack.length === 0) throw new Error("there is an end too many");
      for (const item of closed.items) {
        for (const inner of closed.lines) {
          top().lines.push(
            closed.kind === "range" ? inner.replaceAll("{{ . |", `{{ ${JSON.stringify(item)} |`) : inner,
          );
        }
      }
    } else if (block.startsWith("if ")) {
      const [, not, path] = /^if (not )?(\.Values\.[A-Za-z.]+)$/.exec(block) ?? refuse(block);
      const isTrue = Boolean(resolve(path ?? "", input)) !== (not !== undefined);
      stack.push({ kind: "if", items: isTrue ? [undefined] : [], lines: [] });
    } else if (block.startsWith("range ")) {
      const [, path] = /^range (\.Values\.[A-Za-z.]+)$/.exec(block) ?? refuse(block);
      stack.push({ kind: "range", items: resolve(path ?? "", input) as unknown[], lines: [] });
    } else refuse(block);
  }
  if (stack.length !== 1) throw new Error("a block does not end");
  return root.lines
    .map((line) => line.replace(/\{\{(-?.*?-?)\}\}/g, (_, expression: string) => evaluate(expression.trim(), input)))
    .join("\n");
}

function evaluate(expression: string, input: ChartInput): string {
  const parts = expression.split(" | ").map((part) => part.trim());
  let value = operand(parts[0] ?? "", input);
  for (const filter of parts.slice(1)) {
    const fallback = /^default "([^"]*)"$/.exec(filter);
    if (filter === "quote") value = JSON.stringify(String(value));
    else if (fallback !== null) value = value === "" || value === undefined ? fallback[1] : value;
    else refuse(filter);
  }
  return String(value);
}

function operand(text: string, input: ChartInput): unknown {
  const required = /^required "([^"]*)" (\S+)$/.exec(text);
  if (required !== null) {
    const value = resolve(required[2] ?? "", input);
    if (value === undefined || value === "") throw new Error(required[1]);
    return value;
  }
  return text.startsWith('"') ? (JSON.parse(text) as string) : resolve(text, input);
}

function resolve(path: string, input: ChartInput): unknown {
  if (path === ".Release.Namespace") return input.namespace;
  if (!/^\.Values(\.[A-Za-z]+)+$/.test(path)) refuse(path);
  let value: unknown = input.values;
  for (const step of path.split(".").slice(2)) {
    if (typeof value !== "object" || value === null || !(step in value)) throw new Error(`values.yaml has no ${path}`);
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function refuse(text: string): never {
  throw new Error(`this chart doesn't use such templates: ${text}`);
}
