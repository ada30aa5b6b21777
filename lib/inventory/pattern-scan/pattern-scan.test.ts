import { describe, expect, it } from "vitest";
import { createSnapshot } from "../create-snapshot";
import { findSecretIn } from "../secret-net";
import { isTruncated, patternScan, PatternScanner, scanObject } from ".";
import { findCards } from "./card-numbers";
import { credentialName, judgeNamedValue } from "./named-values";
import { decodeText, findCredentials } from "./text-rules";
import { MAX_HITS } from "./types";

const PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----";
const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";
const AWS_KEY = `AKIA${"ABCDEFGHIJKLMNOP"}`;
/** Satisfies Luhn, has an issuer's prefix, and is no published test number. */
const CARD = "4539578763621486";

describe("names", () => {
  it.each([
    ["DB_PASSWORD", "plain"],
    ["password", "plain"],
    ["PGPASSWORD", "plain"],
    ["spring.datasource.password", "plain"],
    ["clientSecret", "plain"],
    ["client-secret", "plain"],
    ["CLIENT_SECRET", "plain"],
    ["AWS_SECRET_ACCESS_KEY", "plain"],
    ["apiKey", "plain"],
    ["API_KEY", "plain"],
    ["DB_PASSWORD_2", "plain"],
    ["API_TOKEN", "vague"],
    ["secret", "vague"],
    ["GITHUB_TOKEN", "vague"],
    ["SECRET_KEY_BASE", "plain"],
    ["BLOB_STORAGE_KEY", "vague"],
    ["accountKey", "vague"],
    ["SORT_KEY", null],
    ["DB_PASSWORD_FILE", null],
    ["PASSWORD_MIN_LENGTH", null],
    ["TOKEN_URL", null],
    ["secretName", null],
    ["tokenSecretRef", null],
    ["existingSecret", null],
    ["TLS_SECRET", null],
    ["imagePullSecrets", null],
    ["MAX_TOKENS", null],
    ["BYPASS", null],
    ["key", null],
    ["MONKEY", null],
    ["path", null],
  ])("%s is %s", (name, expected) => {
    expect(credentialName(name)).toBe(expected);
  });
});

describe("literals and references", () => {
  const judge = (name: string, value: string) => judgeNamedValue(name, value, { countsEmpty: true, plainOnly: false });
  it.each([
    ["DB_PASSWORD", "Tr0ub4dor&3xyz!", "password-literal"],
    ["DB_PASSWORD", "hunter2", "short-password"],
    ["DB_PASSWORD", "changeme", "default-password"],
    ["DB_PASSWORD", "ChangeMe!", "default-password"],
    ["POSTGRES_PASSWORD", "postgres", "default-password"],
    ["DB_PASSWORD", '"changeme"', "default-password"],
    ["DB_PASSWORD", "", "empty-password"],
    ["API_KEY", "", null],
    ["DB_PASSWORD", "${DB_PASSWORD}", null],
    ["DB_PASSWORD", "$(DB_PASSWORD)", null],
    ["DB_PASSWORD", "{{ .Values.password }}", null],
    ["DB_PASSWORD", "<from vault>", null],
    ["DB_PASSWORD", "vault:secret/data/db#password", null],
    ["DB_PASSWORD", "/run/secrets/db", null],
    ["DB_PASSWORD", "ENC[AES256_GCM,data:abc]", null],
    ["MYSQL_ALLOW_EMPTY_PASSWORD", "true", null],
    ["API_TOKEN", "9f8e7d6c5b4a39281706f5e4", "password-literal"],
    ["API_TOKEN", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "password-literal"],
    ["WEBHOOK_SECRET", "payment-api-webhook-2024", null],
    ["API_TOKEN", "https://idp.example.com/oauth2/token", null],
    ["API_TOKEN", "disabled", null],
    ["LOG_LEVEL", "hunter2", null],
  ])("%s=%s is %s", (name, value, expected) => {
    expect(judge(name, value)).toBe(expected);
  });
});

describe("texts", () => {
  const rules = (text: string) => findCredentials(text).map(({ rule }) => rule);
  it.each([
    ["a private key", PEM, ["private-key"]],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", []],
    ["a token", `Bearer ${JWT}`, ["json-web-token"]],
    ["a cloud key", `aws_access_key_id = ${AWS_KEY}`, ["cloud-key"]],
    ["a connection string", "postgres://app:Sup3rGeheim@db:5432/app", ["connection-string"]],
    ["a connection string with a reference", "postgres://app:${DB_PASSWORD}@db:5432/app", []],
    ["a connection string with the vendor's default", "amqp://guest:guest@mq:5672", ["default-password"]],
    ["an address with a port", "https://idp.example.com:8443/a@b", []],
    ["a user without password", "https://git@example.com/x", []],
    ["a properties file", "db.user=app\ndb.password=Zx8Kd02LmQp4Vw\n", ["password-literal"]],
    ["YAML", "db:\n  password: changeme\n  host: db\n", ["default-password"]],
    ["YAML with a reference", "db:\n  password: ${DB_PASSWORD}\n", []],
    ["JSON", '{"password": "Zx8Kd02LmQp4Vw"}', ["password-literal"]],
    ["an ADO connection string", "Server=db;User Id=app;Password=Zx8Kd02LmQp4Vw;", ["password-literal"]],
    ["a JDBC address", "jdbc:sqlserver://db;user=a;password=Zx8Kd02LmQp4Vw", ["password-literal"]],
    ["Redis", "requirepass foobared\n", ["default-password"]],
    ["netrc", "machine x login bob password Zx8Kd02LmQp4Vw", ["password-literal"]],
    ["mysql", "mysql -h db -u root -pZx8Kd02LmQp4Vw app", ["password-literal"]],
    ["curl", "curl -s -u bob:Zx8Kd02LmQp4Vw https://x", ["password-literal"]],
    ["a header", "Authorization: Bearer 0123456789abcdef0123456789abcdef", ["password-literal"]],
    ["Docker's configuration", '{"auths":{"r":{"auth":"Ym9iOlp4OEtkMDJM"}}}', ["password-literal"]],
    ["program text", 'password = os.environ["DB_PASSWORD"]\ntoken = getenv("T")', []],
    ["a file of a password", "password_file = /run/secrets/x\nPASSWORD_FILE=/x", []],
    ["documentation", "password: required\ntoken: string", []],
  ])("%s", (_, text, expected) => {
    expect(rules(text)).toEqual(expected);
  });

  it("reads a megabyte of anything in one pass", () => {
    const began = performance.now();
    for (const unit of ["a", "a.", "password", "=", "://", '"auth":"', "A1", "4 ", "mysql -u "]) {
      findCredentials(unit.repeat(1_000_000 / unit.length));
      findCards(unit.repeat(1_000_000 / unit.length), "x");
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe("cards", () => {
  it.each([
    ["in a field for cards", CARD, "card_number", "card-number"],
    ["in camel case", CARD, "customerPan", "card-number"],
    ["beside a word", `visa ${CARD}`, "note", "card-number"],
    ["in the groups of a card", "4539 5787 6362 1486", "note", "card-number"],
    ["without context", CARD, "DATASET_ID", "possible-card-number"],
    ["in a name that only holds the letters", CARD, "japanId", "possible-card-number"],
    ["published for tests", "4111111111111111", "note", "test-card-number"],
    ["on a track", `;${CARD}=29051010000000000?`, "note", "track-data"],
    ["on the first track", `%B${CARD}^DOE/JOHN^29051010000000000?`, "note", "track-data"],
  ])("%s", (_, text, name, rule) => {
    expect(findCards(text, name)).toEqual([{ rule, masked: expect.stringMatching(/^\*{12}\d{4}$/) }]);
  });
  it.each([
    ["a number that fails Luhn", "4539578763621487"],
    ["a number of no issuer", "9999999999999995"],
    ["a digest", `sha256:${CARD}abcdef`],
    ["a UUID", "45395787-6362-1486-0000-000000000000"],
  ])("%s is none", (_, text) => {
    expect(findCards(text, "card_number")).toEqual([]);
  });
});

describe("objects", () => {
  const configMap = (data: Record<string, string>) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "cde" },
    data,
  });
  const podOf = (container: object, metadata: object = {}) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "cde", ...metadata },
    spec: { containers: [{ name: "app", ...container }] },
  });
  const places = (raw: unknown) => scanObject(raw).map(({ rule, pointer }) => `${rule} ${pointer}`);

  it("finds environment, arguments, headers and annotations", () => {
    const pod = podOf(
      {
        env: [
          { name: "DB_PASSWORD", value: "changeme" },
          { name: "OTHER", valueFrom: { secretKeyRef: { name: "s", key: "password" } } },
        ],
        args: ["--db-password=Zx8Kd02LmQp4Vw", "--api-key", "Zx8Kd02LmQp4Vw99", "--config", "/etc/x"],
        livenessProbe: {
          httpGet: { httpHeaders: [{ name: "Authorization", value: "Bearer 0123456789abcdef0123456789" }] },
        },
      },
      { annotations: { "example.com/note": PEM } },
    );
    expect(places(pod)).toEqual([
      "private-key /metadata/annotations/example.com~1note",
      "password-literal /spec/containers/0/args/0",
      "password-literal /spec/containers/0/args/2",
      "default-password /spec/containers/0/env/0/value",
      "password-literal /spec/containers/0/livenessProbe/httpGet/httpHeaders/0/value",
    ]);
  });

  it("opens the last applied configuration", () => {
    const applied = JSON.stringify(podOf({ env: [{ name: "DB_PASSWORD", value: "changeme" }] }));
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": applied };
    expect(scanObject(podOf({}, { annotations }))).toEqual([
      {
        rule: "default-password",
        pointer: "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
        inside: "/spec/containers/0/env/0/value",
        name: "DB_PASSWORD",
      },
    ]);
  });

  it("finds the value of a Secret in its last applied configuration", () => {
    const applied = JSON.stringify({ kind: "Secret", data: { password: btoa("changeme") } });
    const annotations = { "kubectl.kubernetes.io/last-applied-configuration": applied };
    const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "s", namespace: "cde", annotations } };
    expect(scanObject(secret)).toMatchObject([{ rule: "default-password", inside: "/data/password" }]);
  });

  it("opens Base64, which protects nothing", () => {
    expect(decodeText(btoa("db.password=Zx8Kd02LmQp4Vw"))).toBe("db.password=Zx8Kd02LmQp4Vw");
    expect(scanObject(configMap({ "app.conf": btoa("db.password=Zx8Kd02LmQp4Vw") }))).toEqual([
      { rule: "password-literal", pointer: "/data/app.conf", name: "db.password", inside: "Base64" },
    ]);
  });

  it("takes a ConfigMap's keys for names", () => {
    expect(places(configMap({ DB_PASSWORD: "changeme", LOG: "x", "api.token": "${TOKEN}" }))).toEqual([
      "default-password /data/DB_PASSWORD",
    ]);
  });

  it("takes fields of other projects' kinds only where their name leaves no doubt", () => {
    const external = {
      apiVersion: "external-secrets.io/v1",
      kind: "ExternalSecret",
      metadata: { name: "e", namespace: "cde" },
      spec: {
        data: [{ secretKey: "card-api-token-production-2", remoteRef: { key: "prod/cards", property: "password" } }],
        target: { template: { data: { password: "{{ .password }}" } } },
      },
    };
    expect(places(external)).toEqual([]);
    expect(places({ ...external, spec: { auth: { password: "Zx8Kd02LmQp4Vw" } } })).toEqual([
      "password-literal /spec/auth/password",
    ]);
  });

  it("leaves alone what machines write", () => {
    const report = { kind: "VulnerabilityReport", metadata: { name: "v" }, report: { card: CARD } };
    expect(places(report)).toEqual([]);
    expect(places({ kind: "Pod", metadata: { name: "p" }, status: { message: `card ${CARD}` } })).toEqual([]);
  });

  it("never tells a value, whatever was planted and wherever", () => {
    const values = [PEM, JWT, AWS_KEY, CARD, "Zx8Kd02LmQp4Vw", "postgres://app:Sup3rGeheim@db/app"];
    for (const value of values) {
      const keyed = /^[\w-]+$/.test(value) ? value : "plain-key";
      const raw = podOf(
        { env: [{ name: "DB_PASSWORD", value }], args: [`--card=${value}`, value] },
        { annotations: { [keyed]: value, note: btoa(`password=${value}`) }, labels: { [keyed]: "x" } },
      );
      const scanner = new PatternScanner();
      scanner.add("pods", raw);
      const result = scanner.result();
      expect(result.hits.length, value).toBeGreaterThan(0);
      expect(JSON.stringify(result.hits.map(({ objectName: _, ...hit }) => hit))).not.toContain(value.slice(0, 14));
      expect(findSecretIn(result)).toBeNull();
      expect(patternScan.safeParse(result).error).toBeUndefined();
    }
  });
});

describe("a cluster's scan", () => {
  const pod = (name: string, owner: string | null) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "cde",
      ...(owner === null ? {} : { ownerReferences: [{ kind: "ReplicaSet", name: owner, controller: true }] }),
    },
    spec: { containers: [{ name: "a", env: [{ name: "DB_PASSWORD", value: "changeme" }] }] },
  });

  it("tells the pods of one owner once", () => {
    const scanner = new PatternScanner();
    for (const name of ["a", "b", "c"]) scanner.add("pods", pod(name, "rs"));
    scanner.add("pods", pod("d", null));
    expect(scanner.result().hits.map(({ objectName, objects }) => [objectName, objects])).toEqual([
      ["a", 3],
      ["d", 1],
    ]);
  });

  it("forgets what came of a list that was begun again", () => {
    const scanner = new PatternScanner();
    scanner.begin("pods");
    scanner.add("pods", pod("a", null));
    scanner.begin("pods");
    scanner.end("pods", "complete");
    expect(scanner.result()).toMatchObject({ hits: [], objects: 0, sections: ["pods"] });
  });

  it("says which sections it saw whole: a refused one is none", () => {
    const scanner = new PatternScanner();
    scanner.end("pods", "complete");
    scanner.end("configmaps", "forbidden");
    scanner.end("storageclasses", "unserved");
    expect(scanner.result().sections).toEqual(["pods", "storageclasses"]);
  });

  it("stays bounded, and tells how many there are", () => {
    const scanner = new PatternScanner();
    for (let i = 0; i < 12_000; i += 1) scanner.add("pods", pod(`p${i}`, null));
    const result = scanner.result();
    expect(result.hits).toHaveLength(MAX_HITS.credentials);
    expect(result.totals).toEqual([{ rule: "default-password", count: 12_000 }]);
    expect(isTruncated(result, "credentials")).toBe(true);
    expect(isTruncated(result, "cards")).toBe(false);
    expect(patternScan.safeParse(result).error).toBeUndefined();
  });

  it("is made with every snapshot in memory, Secrets of files included", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "s", namespace: "cde" },
      stringData: { password: "admin" },
    };
    const snapshot = createSnapshot({
      source: "manifests",
      provider: "other",
      collectedAt: "2026-11-21T12:00:00Z",
      facts: {},
      objects: [{ object: pod("a", null), where: "a.yaml:1" }],
      sections: { configmaps: { status: "not-collected" } },
      scannedOnly: [secret],
    });
    expect(snapshot.facts.patternScan).toMatchObject({
      sections: ["pods"],
      objects: 2,
      hits: [{ objectName: "a" }, { kind: "Secret", pointer: "/stringData/password" }],
    });
  });
});

it("refuses a scan that holds a value", () => {
  const hit = { rule: "card-number", apiVersion: "v1", kind: "Pod", objectName: "p", pointer: "/x", objects: 1 };
  const scan = (fields: object) => ({
    rulesVersion: 1,
    sections: [],
    objects: 1,
    hits: [{ ...hit, ...fields }],
    totals: [],
  });
  expect(patternScan.safeParse(scan({ masked: "************1486" })).success).toBe(true);
  expect(patternScan.safeParse(scan({ masked: CARD })).success).toBe(false);
  expect(patternScan.safeParse(scan({ masked: "453957******1486" })).success).toBe(false);
  expect(patternScan.safeParse(scan({ value: "x" })).success).toBe(false);
});
