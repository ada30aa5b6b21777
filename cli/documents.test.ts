import { describe, expect, it } from "vitest";
import { readDocuments } from "./documents";

const values = (text: string) => readDocuments(text).documents.map((d) => d.value);

describe("readDocuments", () => {
  it("reads many documents with their lines, and skips empty ones", () => {
    const { documents, broken } = readDocuments("---\n# only a comment\n---\na: 1\n---\n\nb: 2\n...\n---\n");
    expect(broken).toEqual([]);
    expect(documents).toEqual([
      { line: 4, value: { a: 1 } },
      { line: 7, value: { b: 2 } },
    ]);
  });

  it("names the line of a broken document and reads its neighbours", () => {
    const { documents, broken } = readDocuments('a: 1\n---\nb: [1,\nc: "x\n---\nd: 4\n');
    expect(documents.map((d) => d.value)).toEqual([{ a: 1 }, { d: 4 }]);
    expect(broken).toHaveLength(1);
    expect(broken[0]?.line).toBeGreaterThanOrEqual(2);
    expect(broken[0]?.line).toBeLessThanOrEqual(5);
  });

  it("reads scalars as Kubernetes does: YAML 1.1 booleans and octals, no times, no sexagesimals", () => {
    expect(
      values("a: yes\nb: off\nc: on\nd: 'yes'\ne: 0777\nf: 0o777\ng: 2024-11-21\nh: 1:30\ni: ~\nj: 1e3\nk: null"),
    ).toEqual([
      {
        a: true,
        b: false,
        c: true,
        d: "yes",
        e: 511,
        f: "0o777",
        g: "2024-11-21",
        h: "1:30",
        i: null,
        j: 1000,
        k: null,
      },
    ]);
  });

  it("turns keys into text", () => {
    expect(values("80: a\nyes: b")).toEqual([{ 80: "a", true: "b" }]);
  });

  it("follows anchors and merge keys", () => {
    expect(values("x: &x {a: 1, b: 2}\nw: {<<: *x, b: 3}\nz: *x")).toEqual([
      { x: { a: 1, b: 2 }, w: { a: 1, b: 3 }, z: { a: 1, b: 2 } },
    ]);
  });

  it("refuses aliases that expand without bound", () => {
    const bomb = [
      "a: &a [x,x,x,x,x,x,x,x,x]",
      ..."bcdefghi".split("").map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefghi"[i]}`).join(",")}]`),
    ];
    const { documents, broken } = readDocuments(bomb.join("\n"));
    expect(documents).toEqual([]);
    expect(broken[0]?.problem).toMatch(/alias/i);
  });

  it("refuses doubled keys and unknown aliases", () => {
    expect(readDocuments("a: 1\na: 2").broken[0]?.problem).toMatch(/unique/);
    expect(readDocuments("a: *nowhere").broken).toHaveLength(1);
  });

  it("takes Lists apart, gives typed items their kind, and knows each item's line", () => {
    const { documents } = readDocuments(
      "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n- apiVersion: v1\n  kind: PodList\n  items:\n  - metadata: {name: x}\n",
    );
    expect(documents).toEqual([
      { line: 4, value: { apiVersion: "v1", kind: "Pod" } },
      { line: 6, value: { apiVersion: "v1", kind: "Pod", metadata: { name: "x" } } },
    ]);
    expect(readDocuments("kind: List\nitems: []").documents).toEqual([]);
  });

  it("reads JSON, Windows line ends and a byte order mark", () => {
    expect(values('\ufeff{\n\t"a": [1, {"b": null}]\n}\n')).toEqual([{ a: [1, { b: null }] }]);
    expect(readDocuments("a: 1\r\n---\r\nb: 2\r\n").documents).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 3, value: { b: 2 } },
    ]);
  });

  it("keeps --- inside a block text and directives with their document", () => {
    expect(values("a: |\n  x\n  ---\n  y\nb: 1")).toEqual([{ a: "x\n---\ny\n", b: 1 }]);
    expect(values("%YAML 1.1\n---\na: 1\n---\nb: 2")).toEqual([{ a: 1 }, { b: 2 }]);
  });
});
