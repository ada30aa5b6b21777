/** Colours for the few languages that we show. A tokeniser for reading, not a parser: what it doesn't know stays plain. */
export type Language = "yaml" | "json" | "shell" | "text";
export interface Token {
  kind: "plain" | "key" | "string" | "comment" | "number";
  text: string;
}

const YAML_LINE = /^(\s*(?:- )*)([^\s:#"'[\]{}][^:#]*|"[^"]*"|'[^']*')(:)(\s.*|)$/;

/** Tokens of one line. Joined again they give the line unchanged. */
export function highlightLine(line: string, language: Language): Token[] {
  if (language === "text" || line === "") return [{ kind: "plain", text: line }];
  if (/^\s*#/.test(line) && language !== "json") return [{ kind: "comment", text: line }];
  if (language === "shell") return [{ kind: "plain", text: line }];
  if (language === "json") {
    const match = /^(\s*)("(?:[^"\\]|\\.)*")(\s*:\s*)(.*)$/.exec(line);
    if (match) {
      const [, indent = "", key = "", colon = "", rest = ""] = match;
      return [
        { kind: "plain", text: indent },
        { kind: "key", text: key },
        { kind: "plain", text: colon },
        valueToken(rest),
      ];
    }
    return [valueToken(line)];
  }
  const match = YAML_LINE.exec(line);
  if (!match) return [valueToken(line)];
  const [, indent = "", key = "", colon = "", rest = ""] = match;
  return [
    { kind: "plain", text: indent },
    { kind: "key", text: key },
    { kind: "plain", text: colon },
    ...(rest === "" ? [] : [valueToken(rest)]),
  ];
}

function valueToken(text: string): Token {
  const plain = text.trim().replace(/,$/, "");
  if (plain === "" || /^[[\]{}|>-]+$/.test(plain)) return { kind: "plain", text };
  if (/^-?\d+(\.\d+)?$|^(true|false|null)$/.test(plain)) return { kind: "number", text };
  return { kind: "string", text };
}
