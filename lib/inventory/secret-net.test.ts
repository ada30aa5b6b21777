import { describe, expect, it } from "vitest";
import { findSecret, findSecretIn } from "./secret-net";

describe("findSecret", () => {
  // Test numbers that the networks and payment providers publish.
  it.each([
    "4111111111111111",
    "4222222222222",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "6200000000000005",
    "6759649826438453",
  ])("catches the card number %s", (number) => {
    expect(findSecret(number)).toBe("card-number");
    expect(findSecret(`order for ${number}, paid`)).toBe("card-number");
  });
  it.each([
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111_1111_1111_1111",
    "3782 822463 10005",
    "ref 7 4111 1111 1111 1111",
    "2024-11-21 4111-1111-1111-1111",
  ])("catches it with separators: %s", (text) => {
    expect(findSecret(text)).toBe("card-number");
  });
  it.each([
    ["a wrong check digit", "4111111111111112"],
    ["no issuer's prefix", "1111111111111117"],
    ["a digest", "sha256:4111111111111111aa4111111111111111aa4111111111111111aa411111"],
    ["a UUID whose first groups read like a card", "41111111-1111-1111-8111-111111111111"],
    ["a time", "2024-11-21T10:30:00.123456789Z"],
    ["milliseconds", "1732192800000"],
    ["addresses", "10.0.0.1/8 192.168.100.100"],
    ["too many digits", "41111111111111111111111"],
  ])("lets %s pass", (_, text) => {
    expect(findSecret(text)).toBeNull();
  });
  it.each<[string, string]>([
    ["-----BEGIN RSA PRIVATE KEY-----\nMII", "private-key"],
    ["x -----BEGIN PRIVATE KEY----- y", "private-key"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----", "private-key"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "json-web-token"],
    ["AKIAIOSFODNN7EXAMPLE", "cloud-token"],
    [`ghp_${"a1".repeat(18)}`, "cloud-token"],
    [`AIza${"b".repeat(35)}`, "cloud-token"],
    [`rfe_${"c".repeat(64)}`, "cloud-token"],
  ])("catches %s", (text, kind) => {
    expect(findSecret(text)).toBe(kind);
  });
  it("lets a public certificate pass", () => {
    expect(findSecret("-----BEGIN CERTIFICATE-----\nMII")).toBeNull();
  });
});

it("finds a secret in any leaf or key and names the place", () => {
  expect(findSecretIn({ a: { b: ["x", "4111111111111111"] } })).toEqual({ where: "a.b[1]", kind: "card-number" });
  expect(findSecretIn({ labels: { "4111111111111111": "x" } })).toEqual({
    where: "labels (a key)",
    kind: "card-number",
  });
  expect(findSecretIn({ a: [1, null, true, "plain"] })).toBeNull();
});
