import { describe, expect, it } from "vitest";
import { highlightLine, type Language } from "./highlight";

const kinds = (line: string, language: Language) =>
  highlightLine(line, language).map((token) => [token.kind, token.text]);

describe("highlightLine", () => {
  it("never changes the text", () => {
    const lines = [
      "  - name: x # y",
      'key: "a: b"',
      "  policyTypes: [Ingress]",
      '  "a": 3,',
      "# comment",
      "",
      "- {}",
      "a:b:c",
      "url: http://x",
    ];
    for (const language of ["yaml", "json", "shell", "text"] as const)
      for (const line of lines)
        expect(
          highlightLine(line, language)
            .map((token) => token.text)
            .join(""),
        ).toBe(line);
  });
  it("tells keys, strings, numbers and comments apart", () => {
    expect(kinds("  kind: NetworkPolicy", "yaml")).toEqual([
      ["plain", "  "],
      ["key", "kind"],
      ["plain", ":"],
      ["string", " NetworkPolicy"],
    ]);
    expect(kinds("# why", "yaml")).toEqual([["comment", "# why"]]);
    expect(kinds('  "generation": 3,', "json")).toContainEqual(["number", "3,"]);
  });
});
