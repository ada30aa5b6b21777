import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBase64, decodeBase64Url, encodeBase64, encodeBase64Url } from "./base64";
import { canonicalJson, commitDigestText } from "./digest";
import { enrolmentProofText, formatEnrolmentToken, parseEnrolmentToken } from "./enrolment";
import { announceRequest, enrolRequest, heartbeatResponse } from "./messages";

const organizationId = "0b6f3c1e-8a55-4d57-9c6e-1f2a3b4c5d6e";
const secret = Uint8Array.from({ length: 32 }, (_, i) => i * 7);
const digestOf = (character: string) => character.repeat(64);
const announcement = {
  schemaVersion: 1,
  snapshotId: "5d3f0d5e-0b0e-4c7a-9f43-2b4f5c6d7e8f",
  prev: null,
  collectedAt: "2026-11-21T10:00:00.000Z",
  manifest: {
    provider: null,
    facts: { gitVersion: "v1.32.4" },
    sections: [
      { name: "pods", status: "complete", objects: 3, chunks: [{ digest: digestOf("a"), rawBytes: 900, objects: 3 }] },
      { name: "nodes", status: "forbidden", message: "needs list nodes", objects: 0, chunks: [] },
    ],
    invalid: [],
    droppedFields: 0,
  },
};
const withSections = (sections: unknown[]) => ({ ...announcement, manifest: { ...announcement.manifest, sections } });

describe("enrolment token", () => {
  it("names its organization and has one spelling", () => {
    const token = formatEnrolmentToken(organizationId, secret);
    expect(token).toMatch(/^rfe_[A-Za-z0-9_-]{64}$/);
    expect(parseEnrolmentToken(token)).toEqual({ organizationId });
    expect(enrolmentProofText(token, "KEY")).toBe(`ringfence-enrol-v1\n${token}\nKEY`);
  });

  it("is refused when it is cut, extended or wears another prefix", () => {
    const token = formatEnrolmentToken(organizationId, secret);
    for (const other of [token.slice(0, -1), `${token}A`, token.replace("rfe_", "rfx_"), `${token}=`, "rfe_", ""]) {
      expect(parseEnrolmentToken(other), other).toBeNull();
    }
    expect(() => formatEnrolmentToken(organizationId, secret.subarray(1))).toThrow(RangeError);
    expect(() => formatEnrolmentToken("x", secret)).toThrow(RangeError);
  });
});

describe("Base64", () => {
  it("comes back as it went, and only the canonical spelling is taken", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(decodeBase64(encodeBase64(bytes), bytes.length)).toEqual(bytes);
        expect(decodeBase64Url(encodeBase64Url(bytes))).toEqual(bytes);
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      }),
    );
    expect(decodeBase64("AB==")).toBeNull();
    expect(decodeBase64("AA")).toBeNull();
    expect(decodeBase64("AA==", 2)).toBeNull();
    expect(decodeBase64("A A=")).toBeNull();
  });
});

describe("messages", () => {
  it("takes a whole announcement", () => {
    expect(announceRequest.parse(announcement).gaps).toEqual([]);
  });

  it.each([
    ["an unknown field", { ...announcement, extra: 1 }],
    ["a section twice", withSections([...announcement.manifest.sections, announcement.manifest.sections[0]])],
    ["objects that do not add up", withSections([{ ...announcement.manifest.sections[0], objects: 4 }])],
    ["an unserved section with objects", withSections([{ ...announcement.manifest.sections[0], status: "unserved" }])],
    ["an unknown status", withSections([{ name: "pods", status: "empty", objects: 0, chunks: [] }])],
    [
      "control characters in a message",
      withSections([{ name: "pods", status: "failed", message: "a\u0000b", objects: 0, chunks: [] }]),
    ],
    ["a digest in capitals", { ...announcement, prev: digestOf("A") }],
    ["a time without milliseconds", { ...announcement, collectedAt: "2026-11-21T10:00:00Z" }],
    ["a snapshot id that is a path", { ...announcement, snapshotId: "../../x" }],
  ])("refuses an announcement with %s", (_name, value) => {
    expect(announceRequest.safeParse(value).success).toBe(false);
  });

  it("refuses another protocol version and a key of another length", () => {
    const request = {
      token: formatEnrolmentToken(organizationId, secret),
      publicKey: encodeBase64(secret),
      proof: encodeBase64(new Uint8Array(64)),
      agentVersion: "0.1.0",
      protocolVersion: 1,
      clusterUid: null,
      kubernetesVersion: null,
    };
    expect(enrolRequest.safeParse(request).success).toBe(true);
    expect(enrolRequest.safeParse({ ...request, protocolVersion: 2 }).success).toBe(false);
    expect(enrolRequest.safeParse({ ...request, publicKey: encodeBase64(new Uint8Array(33)) }).success).toBe(false);
  });

  it("leaves anything but interval, pause and want-full out of a heartbeat's answer", () => {
    const answer = {
      intervalSeconds: 30,
      paused: false,
      wantFull: true,
      command: "kubectl get secrets",
      sections: ["secrets"],
    };
    expect(heartbeatResponse.parse(answer)).toEqual({ intervalSeconds: 30, paused: false, wantFull: true });
  });
});

describe("digest texts", () => {
  it("is the same for every order of keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
    expect(canonicalJson({ b: undefined, a: [1, { d: null, c: "é" }] })).toBe('{"a":[1,{"c":"é","d":null}]}');
  });

  it("chains a commit to the one before", () => {
    const commit = { snapshotId: announcement.snapshotId, manifestDigest: digestOf("b"), prev: null };
    expect(commitDigestText(commit)).not.toBe(commitDigestText({ ...commit, prev: digestOf("c") }));
  });
});
