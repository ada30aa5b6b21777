import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MalformedPage, parseExact, readListPage } from "./list-page";

const page = (value: unknown, indent?: number) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value, null, indent));
const itemsOf = (value: unknown, indent?: number) => [...readListPage(page(value, indent)).items()];
const managedFields = [{ manager: "kubectl", fieldsV1: { 'f:k:{"a":"]}"}': {}, n: 9223372036854775807n.toString() } }];

describe("a page of a list", () => {
  it("gives its items and where the list goes on", () => {
    const read = readListPage(
      page({
        kind: "PodList",
        apiVersion: "v1",
        metadata: { resourceVersion: "77", continue: "abc", remainingItemCount: 9 },
        items: [{ a: 1 }, { b: [true, null, "x]}"] }],
      }),
    );
    expect([...read.items()]).toEqual([{ a: 1 }, { b: [true, null, "x]}"] }]);
    expect(read).toMatchObject({
      kind: "PodList",
      resourceVersion: "77",
      continueToken: "abc",
      remainingItems: 9,
      length: 2,
    });
  });

  it("reads any JSON as JSON.parse does, whatever its white space", () => {
    const indent = fc.constantFrom(undefined, 1, 4);
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), indent, (items, spaces) => {
        expect(itemsOf({ items, metadata: {} }, spaces)).toEqual(JSON.parse(JSON.stringify(items)));
      }),
    );
  });

  it.each([
    ["last", { name: "a", labels: {}, managedFields }],
    ["first", { managedFields, name: "a", labels: {} }],
    ["in the middle", { name: "a", managedFields, labels: {} }],
  ])("leaves managedFields out where it is %s", (_where, metadata) => {
    for (const indent of [undefined, 2]) {
      expect(itemsOf({ items: [{ metadata, spec: { x: 1 } }] }, indent)).toEqual([
        { metadata: { name: "a", labels: {} }, spec: { x: 1 } },
      ]);
    }
  });

  it("leaves managedFields out where it is alone", () => {
    expect(itemsOf({ items: [{ metadata: { managedFields }, kind: "Pod" }] })).toEqual([{ metadata: {}, kind: "Pod" }]);
  });

  it("does not mistake a text for managedFields", () => {
    const items = [{ metadata: { annotations: { x: '"managedFields":[{}]' }, managedFields: "text" } }];
    expect(itemsOf({ items })).toEqual(items);
  });

  it("keeps integers beyond 2^53 digit for digit and leaves the others numbers", () => {
    const text =
      '{"items":[{"a":9007199254740993,"b":-9223372036854775808,"c":9007199254740991,"d":1.5e300,"e":"9007199254740993"}]}';
    expect(itemsOf(text)).toEqual([
      { a: "9007199254740993", b: "-9223372036854775808", c: 9007199254740991, d: 1.5e300, e: "9007199254740993" },
    ]);
    expect(parseExact(page("[12345678901234567890]"))).toEqual(["12345678901234567890"]);
  });

  it("takes null and nothing for an empty list, as the API server sends them", () => {
    expect(itemsOf('{"kind":"PodList","items":null}')).toEqual([]);
    expect(itemsOf('{"items":[]}')).toEqual([]);
  });

  it.each([
    "",
    "<html>",
    "[]",
    "{}",
    '{"items":[{"a":1}',
    '{"items":[{"a":1},]',
    '{"items":[]} x',
    '{"items":[{"a":"x]}',
    '{"items":{}}',
  ])("refuses %s", (text) => {
    expect(() => readListPage(page(text))).toThrow(MalformedPage);
  });

  it("refuses a page that was cut anywhere", () => {
    const whole = page({
      metadata: { continue: "x" },
      items: [{ metadata: { name: "é", managedFields }, n: 12, t: true }],
    });
    for (let length = 0; length < whole.length; length++) {
      expect(() => [...readListPage(whole.subarray(0, length)).items()]).toThrow(MalformedPage);
    }
  });
});
