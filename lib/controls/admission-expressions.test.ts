import { describe, expect, it } from "vitest";
import { expressionsFor, recognizeExpression } from "./admission-expressions";

const pool = { key: "pool", value: "it's-cde" };

describe("recognizeExpression", () => {
  it("knows every expression that it hands out, whatever the white space", () => {
    for (const { outcome, expression } of expressionsFor(["a.example/", "b.example/x/"], pool)) {
      expect(recognizeExpression(expression.replaceAll(" && ", "\n  && ")), outcome).toBe(outcome);
    }
  });
  it("does not interpret anything else", () => {
    expect(recognizeExpression("object.spec.containers.all(c, true)")).toBeNull();
    const [privileged] = expressionsFor(["a.example/"], pool);
    expect(recognizeExpression(`${privileged?.expression} || true`)).toBeNull();
  });
  it("does not take a registry prefix without its slash", () => {
    const registries = expressionsFor(["registry.example"], pool).find((e) => e.outcome === "allowed-registries");
    expect(recognizeExpression(registries?.expression ?? "")).toBeNull();
  });
});
