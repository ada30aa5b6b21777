import { expect, it } from "vitest";
import { sentence } from "./words";

it("makes a sentence of a phrase and leaves names alone", () => {
  expect(sentence("yearly review; roles at change")).toBe("Yearly review; roles at change.");
  expect(sentence("kubernetes-admin, kubeadmin and shared tokens")).toBe(
    "kubernetes-admin, kubeadmin and shared tokens.",
  );
  expect(sentence("Matrix")).toBe("Matrix.");
  expect(sentence("Done.")).toBe("Done.");
  expect(sentence("")).toBe("");
});
