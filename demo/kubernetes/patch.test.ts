import { describe, expect, it } from "vitest";
import { jsonPatch, mergePatch, strategicMerge } from "./patch";

describe("patches", () => {
  it("merges as RFC 7386 shows in its appendix", () => {
    const cases: [unknown, unknown, unknown][] = [
      [{ a: "b" }, { a: "c" }, { a: "c" }],
      [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
      [{ a: ["b"] }, { a: "c" }, { a: "c" }],
      [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
      [
        ["a", "b"],
        ["c", "d"],
        ["c", "d"],
      ],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [target, patch, result] of cases) expect(mergePatch(target, patch)).toEqual(result);
  });

  it("applies JSON patches in order, with escapes in pointers", () => {
    const patched = jsonPatch({ "a/b": [1, 2], m: {} }, [
      { op: "add", path: "/a~1b/1", value: 9 },
      { op: "move", from: "/a~1b/0", path: "/m/first" },
      { op: "copy", from: "/m", path: "/n" },
    ]);
    expect(patched).toEqual({ "a/b": [9, 2], m: { first: 1 }, n: { first: 1 } });
    expect(() => jsonPatch({}, [{ op: "remove", path: "/none" }])).toThrow("does not exist");
    expect(Object.getPrototypeOf(jsonPatch({}, [{ op: "add", path: "/__proto__", value: { x: 1 } }]))).toBe(
      Object.prototype,
    );
  });

  it("merges lists by their keys, deletes by directive and keeps the order that was asked for", () => {
    const held = {
      containers: [
        { name: "a", image: "1", env: [{ name: "X", value: "1" }] },
        { name: "b", image: "2" },
      ],
      args: ["x"],
    };
    const patch = {
      "$setElementOrder/containers": [{ name: "c" }, { name: "a" }],
      containers: [
        { name: "a", env: [{ name: "Y", value: "2" }] },
        { name: "b", $patch: "delete" },
        { name: "c", image: "3" },
      ],
      args: ["y"],
    };
    expect(strategicMerge(held, patch)).toEqual({
      containers: [
        { name: "c", image: "3" },
        {
          name: "a",
          image: "1",
          env: [
            { name: "X", value: "1" },
            { name: "Y", value: "2" },
          ],
        },
      ],
      args: ["y"],
    });
    expect(
      strategicMerge(
        { strategy: { type: "RollingUpdate", rollingUpdate: {} } },
        { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      ),
    ).toEqual({ strategy: { type: "Recreate" } });
    expect(strategicMerge({ finalizers: ["a", "b"] }, { "$deleteFromPrimitiveList/finalizers": ["a"] })).toEqual({
      finalizers: ["b"],
    });
  });
});
