import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64 } from "./base64";
import { parseSignedRequest, type SignedFields, signatureBase, signRequest } from "./signature";

const pair = generateKeyPairSync("ed25519");
const signer = (base: Uint8Array) => new Uint8Array(sign(null, base, pair.privateKey));

const uuid = fc.uuid().map((value) => value.toLowerCase());
const fieldsArbitrary: fc.Arbitrary<SignedFields> = fc.record({
  method: fc.constantFrom("POST" as const, "PUT" as const),
  path: fc
    .array(fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/), { minLength: 1, maxLength: 5 })
    .map((parts) => `/${parts.join("/")}`),
  bodyDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(encodeBase64),
  seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  audience: fc.stringMatching(/^[a-z0-9.:/-]{1,40}$/),
  key: fc.record({ organizationId: uuid, agentId: uuid, keyId: uuid }),
  created: fc.integer({ min: 0, max: 99_999_999_999 }),
});
const example: SignedFields = {
  method: "POST",
  path: "/api/agent/heartbeat",
  bodyDigest: createHash("sha256").update("").digest("base64"),
  seq: 42,
  audience: "https://ringfence.example",
  key: {
    organizationId: "11111111-1111-4111-8111-111111111111",
    agentId: "22222222-2222-4222-8222-222222222222",
    keyId: "33333333-3333-4333-8333-333333333333",
  },
  created: 1_795_000_000,
};
const parse = (fields: { method: string; path: string }, headers: Record<string, string> | Headers) =>
  parseSignedRequest({
    method: fields.method,
    path: fields.path,
    headers: headers instanceof Headers ? headers : new Headers(headers),
  });

describe("the signature base", () => {
  it("has the lines of RFC 9421 in the profile's order", () => {
    expect(signatureBase(example)).toBe(
      [
        '"@method": POST',
        '"@path": /api/agent/heartbeat',
        '"content-digest": sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
        '"x-agent-seq": 42',
        '"x-ringfence-audience": https://ringfence.example',
        '"@signature-params": ("@method" "@path" "content-digest" "x-agent-seq" "x-ringfence-audience");created=1795000000;keyid="11111111-1111-4111-8111-111111111111/22222222-2222-4222-8222-222222222222/33333333-3333-4333-8333-333333333333";alg="ed25519"',
      ].join("\n"),
    );
  });

  it("verifies with the primitive of RFC 8032 (test key of RFC 9421 B.1.4, signature made by node:crypto)", async () => {
    const key = createPrivateKey({
      key: Buffer.from(
        "302e020100300506032b6570042204209f8362f87a484a954e6e740c5b4c0e84229139a20aa8ab56ff66586f6a7d29c5",
        "hex",
      ),
      format: "der",
      type: "pkcs8",
    });
    const headers = await signRequest(example, (base) => new Uint8Array(sign(null, base, key)));
    const parsed = parse(example, headers);
    expect(parsed.ok && verify(null, parsed.base, createPublicKey(key), parsed.signature)).toBe(true);
  });

  it("differs as soon as method, path, body digest, sequence, audience, key id or time differs", () => {
    fc.assert(
      fc.property(
        fieldsArbitrary,
        fieldsArbitrary,
        fc.subarray(Object.keys(example), { minLength: 1 }),
        (a, b, names) => {
          const picked = Object.fromEntries(Object.entries(b).filter(([name]) => names.includes(name)));
          const mutated: SignedFields = { ...a, ...picked };
          fc.pre(JSON.stringify(mutated) !== JSON.stringify(a));
          expect(signatureBase(mutated)).not.toBe(signatureBase(a));
        },
      ),
    );
  });

  it.each([
    ["a newline in the audience", { audience: 'x"\n"@path": /other' }],
    ["a query in the path", { path: "/api/agent/heartbeat?x=1" }],
    ["a dot segment in the path", { path: "/api/../admin" }],
    ["a double slash", { path: "//api/agent" }],
    ["a second spelling of the digest", { bodyDigest: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=" }],
    ["sequence 0", { seq: 0 }],
    ["a sequence beyond 2^53", { seq: 2 ** 53 }],
    ["a key id with a quote", { key: { ...example.key, keyId: '"' } }],
  ])("refuses to build with %s", (_name, change) => {
    expect(() => signatureBase({ ...example, ...change })).toThrow(RangeError);
  });
});

describe("parsing a signed request", () => {
  it("gives back the fields that were signed and a signature that verifies", async () => {
    await fc.assert(
      fc.asyncProperty(fieldsArbitrary, async (fields) => {
        const parsed = parse(fields, await signRequest(fields, signer));
        expect(parsed.ok).toBe(true);
        if (!parsed.ok) return;
        expect(parsed.fields).toEqual(fields);
        expect(verify(null, parsed.base, pair.publicKey, parsed.signature)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("takes one changed character in any header as a refusal, another key, or a signature that fails", async () => {
    const headers = await signRequest(example, signer);
    const names = Object.keys(headers);
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
        (name, at, character) => {
          const value = headers[name] ?? "";
          const index = at % value.length;
          const changed = value.slice(0, index) + character + value.slice(index + 1);
          fc.pre(changed !== value);
          const parsed = parse(example, { ...headers, [name]: changed });
          const isAccepted = parsed.ok && verify(null, parsed.base, pair.publicKey, parsed.signature);
          expect(isAccepted).toBe(false);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it("does not accept the headers of one request for another method or path", async () => {
    const headers = await signRequest(example, signer);
    for (const other of [
      { method: "PUT", path: example.path },
      { method: "POST", path: "/api/agent/snapshots" },
    ]) {
      const parsed = parse(other, headers);
      expect(parsed.ok && verify(null, parsed.base, pair.publicKey, parsed.signature)).toBe(false);
    }
  });

  it("refuses a missing header, whichever it is", async () => {
    const headers = await signRequest(example, signer);
    for (const name of Object.keys(headers)) {
      const rest = new Headers(headers);
      rest.delete(name);
      expect(parse(example, rest).ok, name).toBe(false);
    }
  });

  it("refuses a repeated header, whichever it is", async () => {
    const headers = await signRequest(example, signer);
    for (const name of Object.keys(headers)) {
      const repeated = new Headers(headers);
      repeated.append(name, headers[name] ?? "");
      expect(parse(example, repeated).ok, name).toBe(false);
    }
  });

  const inputs: [string, (input: string) => string][] = [
    ["a second label", (input) => `${input}, ${input.replace("sig1", "sig2")}`],
    ["another label", (input) => input.replace("sig1", "sig2")],
    ["an unknown parameter", (input) => `${input};tag="x"`],
    ["a nonce", (input) => input.replace(";alg", ';nonce="x";alg')],
    ["a repeated parameter", (input) => input.replace(";alg", ";created=1;alg")],
    ["parameters in another order", (input) => input.replace(/(;created=\d+)(;keyid="[^"]*")/, "$2$1")],
    ["another algorithm", (input) => input.replace("ed25519", "hmac-sha256")],
    ["no algorithm", (input) => input.replace(';alg="ed25519"', "")],
    ["a component less", (input) => input.replace(' "x-agent-seq"', "")],
    ["a component more", (input) => input.replace('"@path"', '"@path" "@query"')],
    ["a component twice", (input) => input.replace('"@path"', '"@path" "@path"')],
    ["components in another order", (input) => input.replace('"@method" "@path"', '"@path" "@method"')],
    ["a component with a parameter", (input) => input.replace('"@path"', '"@path";req')],
    ["white space inside", (input) => input.replace(";created", "; created")],
    ["created with a leading zero", (input) => input.replace("created=", "created=0")],
    ["a negative time", (input) => input.replace("created=", "created=-")],
    ["a key id of another form", (input) => input.replace("11111111-1111-4111-8111-111111111111/", "")],
  ];
  it.each(inputs)("refuses Signature-Input with %s", async (_name, change) => {
    const headers = await signRequest(example, signer);
    const input = headers["signature-input"] ?? "";
    expect(change(input)).not.toBe(input);
    expect(parse(example, { ...headers, "signature-input": change(input) }).ok).toBe(false);
  });

  it.each([
    ["signature", "sig1=:AAAA:"],
    ["signature", "sig2=:AAAA:"],
    ["content-digest", "sha-512=:AAAA:"],
    ["content-digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, sha-512=:AAAA:"],
    ["x-agent-seq", "042"],
    ["x-agent-seq", "4.2"],
    ["x-agent-seq", "9007199254740993"],
    ["x-ringfence-audience", "a b"],
  ])("refuses %s: %s", async (name, value) => {
    expect(parse(example, { ...(await signRequest(example, signer)), [name]: value }).ok).toBe(false);
  });

  it("refuses a method that no agent uses", async () => {
    expect(parse({ method: "GET", path: example.path }, await signRequest(example, signer)).ok).toBe(false);
    expect(parse({ method: "post", path: example.path }, await signRequest(example, signer)).ok).toBe(false);
  });
});
