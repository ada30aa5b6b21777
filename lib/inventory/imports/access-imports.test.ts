import { describe, expect, it } from "vitest";
import { accessActivityImport } from "./access-activity";
import { accessReviewsImport } from "./access-reviews";
import { anonymousProbeImport } from "./anonymous-probe";
import { approvedAccessImport } from "./approved-access";
import { authenticationConfigImport } from "./authentication-config";
import { authenticationRecordImport } from "./authentication-record";
import { encryptionRecordImport } from "./encryption-record";
import { iamMappingImport } from "./iam-mapping";
import { identityDirectoryImport } from "./identity-directory";
import { mfaPolicyImport } from "./mfa-policy";
import { secretInventoryImport } from "./secret-inventory";
import { sharedAccountUsesImport } from "./shared-account-uses";
import { signInSampleImport } from "./sign-in-sample";

const origin = { by: "upload" as const, name: "file by ann", collectedAt: "2026-11-21T12:00:00Z" };

describe("imports about access", () => {
  it.each([
    [accessActivityImport, "accessActivity", "facts", '"isComplete": true', '"isComplete": 1', "isComplete"],
    [
      accessReviewsImport,
      "accessReviews",
      "registers",
      "decision: keep",
      "decision: maybe",
      "reviews[0].decisions[0].decision",
    ],
    [anonymousProbeImport, "anonymousProbes", "facts", "status: 403", "status: no", "servers[0].answers[1].status"],
    [
      approvedAccessImport,
      "approvedAccess",
      "registers",
      "kind: Group",
      "kind: ServiceAccount",
      "access[0].subject.namespace",
    ],
    [
      authenticationConfigImport,
      "authenticationConfigs",
      "facts",
      "kind: Auth",
      "kind: Not",
      "apiServers[0].configuration.kind",
    ],
    [authenticationRecordImport, "authenticationRecord", "facts", "isOn: true", "isOn: maybe", "isOn"],
    [encryptionRecordImport, "encryptionRecord", "facts", "key: customer", "key: mine", "key"],
    [iamMappingImport, "iamMapping", "facts", "isPerson: true", "isPerson: perhaps", "entries[0].isPerson"],
    [identityDirectoryImport, "identityDirectory", "facts", "isComplete: true", "isComplete: most", "isComplete"],
    [
      mfaPolicyImport,
      "mfaPolicies",
      "facts",
      "requirement: multi-factor",
      "requirement: some",
      "policies[0].requirement",
    ],
    [
      secretInventoryImport,
      "secretInventory",
      "facts",
      '"2026-11-20T09:00:00Z"',
      '"yesterday"',
      "secrets[0].createdAt",
    ],
    [
      sharedAccountUsesImport,
      "sharedAccountUses",
      "registers",
      "person: ann@example.com",
      "person: kubernetes-admin",
      "uses[0].person",
    ],
    [signInSampleImport, "signIns", "facts", "to: 2026-11-20", "to: 2026-01-20", "to"],
  ] as const)("%o takes its example and names the place of what is wrong", (kind, name, part, good, bad, place) => {
    const parts = kind.parse(kind.example, origin);
    expect(Object.keys(parts[part] ?? {})).toEqual([name]);
    expect(kind.example).toContain(good);
    expect(() => kind.parse(kind.example.replace(good, bad), origin)).toThrow(place);
  });

  it("keeps of an authentication configuration the issuers and what is demanded of claims", () => {
    expect(
      authenticationConfigImport.parse(authenticationConfigImport.example, origin).facts?.authenticationConfigs,
    ).toEqual([
      {
        origin,
        instance: "control-plane-1",
        issuers: ["https://login.example.com"],
        anonymous: { enabled: true, paths: ["/livez"] },
        claimRules: [{ issuer: "https://login.example.com", expression: "claims.acr == 'phishing-resistant'" }],
      },
    ]);
  });

  it("refuses two configurations of one API server", () => {
    const entry = authenticationConfigImport.example.slice("apiServers:\n".length);
    expect(() => authenticationConfigImport.parse(`apiServers:\n${entry}${entry}`, origin)).toThrow("named twice");
  });

  it("refuses a list of Secrets with their data", () => {
    const text = secretInventoryImport.example.replace('"keys":', '"data": {}, "keys":');
    expect(() => secretInventoryImport.parse(text, origin)).toThrow("secrets[1]");
  });
});
