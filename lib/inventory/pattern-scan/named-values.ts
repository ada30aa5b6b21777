/**
 * Names that announce a credential, and whether the value beside one is a literal or only points at the real one.
 *
 * - Plain names (password, passphrase, client secret, api key, secret access key …): any literal value counts.
 * - Vague names (token, secret, key, credential): only a value that looks made by a machine, because such names are also used for
 *   the name of a Secret, a path or a switch (`TLS_SECRET=payment-tls`).
 * - References are no literals: `${VAR}`, `$(VAR)`, `{{ … }}`, `<…>`, `vault:…`, `file:…`, paths, encrypted forms (`ENC[…]`).
 * - A placeholder such as `changeme` is a literal, and a default one: that is how it starts in production.
 */
import type { CredentialRule } from "./types";

const PLAIN =
  /(?:^|[^a-z])(?:[a-z0-9]*(?:passwords?|passwd|passphrase|passcode|clientsecret|secretkey|secretkeybase|secretaccesskey|apikey|apisecret|encryptionkey|privatekey)|pwd|pass)$/i;
const VAGUE =
  /(?:^|[^a-z])[a-z0-9]*(?:tokens?|secrets?|(?:access|auth|signing|master|account|storage|batch|shared|subscription|function)key|credentials?|authorization)$/i;
/** Names that end in such a word and mean something else. */
const HARMLESS =
  /(?:^|[_.-])(?:(?:existing|image[_.-]?pull|pull|tls|ssl|cert(?:ificate)?|ca)[_.-]?secrets?|(?:max|min|num|page|next|continue|sub|use|enable|automount[a-z]*|mount)[_.-]?tokens?|bypass|compass|by-?pass)$/i;

/** The same few names stand in every object. */
const known = new Map<string, "plain" | "vague" | null>();

/** How a name announces a credential; null when it doesn't. */
export function credentialName(name: string): "plain" | "vague" | null {
  let kind = known.get(name);
  if (kind === undefined) {
    kind = classify(name);
    if (known.size > 5000) known.clear();
    known.set(name, kind);
  }
  return kind;
}

function classify(name: string): "plain" | "vague" | null {
  if (name.length > 253) return null;
  // Camel case and separators mean the same: clientSecret, client-secret, CLIENT_SECRET.
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/_\d{1,2}$/, "");
  if (HARMLESS.test(words)) return null;
  const joined = words.replace(JOINED, "$1").replace(/(secretkey)[_.-](?=base$)/i, "$1");
  if (PLAIN.test(joined)) return "plain";
  return VAGUE.test(joined) ? "vague" : null;
}
const JOINED =
  /(secret|api|access|private|client|encryption|auth|signing|master|account|storage|batch|shared|subscription|function)[_.-]+(?=access|key|secret)/gi;

const REFERENCE =
  /^(?:\$|%[({]|%[A-Za-z_]+%$|\{\{|\{[A-Za-z_.-]+\}$|<|__[A-Z_]+__$|vault:|ref\+|env:|file:|secret(?:ref)?:|sm:|ssm:|op:\/\/|kms:|awskms:|gcp-?kms:|enc[:[(]|\{cipher\}|arn:aws|projects\/|@microsoft\.keyvault|!(?:ref|vault|secret)|sops:|ag[A-Za-z0-9+/]{80,})/i;
const PATH = /^(?:\.{0,2}\/|~\/|[A-Za-z]:\\)[^\s:]*$/;
const SWITCH =
  /^(?:true|false|yes|no|on|off|null|nil|none|undefined|required|optional|enabled?|disabled?|string|str|text|bool(?:ean)?|int(?:eger)?|number|object|file|prompt|redacted|<redacted>|\*+|x{3,}|\.{3}|-|\d{1,3}[smhd])$/i;
/** A call or a look-up in program text: `os.environ["X"]`, `getenv("X")`, `process.env.X`, `.Values.x`. */
const PROGRAM =
  /^[A-Za-z_][\w.]*\s*[([]|^(?:os|process|config|settings|self|this|env|args?|params?|request|data|var|local|module)\.[A-Za-z_]|^\.[A-Z]/;

/** True when the text stands for a value that lies elsewhere, or for none. */
export function isReference(value: string): boolean {
  return REFERENCE.test(value) || PATH.test(value) || SWITCH.test(value) || PROGRAM.test(value);
}

const DEFAULTS: ReadonlySet<string> = new Set(
  (
    "password password1 password123 passw0rd p@ssw0rd p@ssword pass pass123 pwd admin admin1 admin123 administrator root toor " +
    "guest default changeme changeit changethis change-me change_me replaceme replace-me replace_me letmein secret s3cret s3cr3t test " +
    "test123 testing demo example sample temp welcome welcome1 user postgres postgresql mysql mariadb mssql oracle redis foobared " +
    "mongo mongodb cassandra neo4j rabbitmq kafka elastic elasticsearch opensearch kibana grafana prom-operator minio minioadmin " +
    "minio123 keycloak jenkins vault sonar sonarqube nexus artifactory tomcat manager harbor12345 gitlab argocd calico weblogic " +
    "wildfly jboss sa ubuntu vagrant docker bitnami cisco qwerty abc123 1234 12345 123456 1234567 12345678 123456789 1234567890 " +
    "111111 000000 iloveyou monkey dragon insecure supersecret topsecret mysecret mypassword my-secret-pw dummy todo fixme"
  ).split(" "),
);

/** True for a password that a vendor delivers or that everybody tries first. */
export function isDefaultPassword(value: string): boolean {
  const lower = value.toLowerCase();
  return DEFAULTS.has(lower) || DEFAULTS.has(lower.replace(/[!.]+$/, ""));
}

/** Shortest password that PCI DSS takes (8.3.6). */
const MINIMUM_LENGTH = 12;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A Kubernetes name or a host: words and digits with dashes or dots between. */
const NAME = /^[a-z0-9]+(?:[-._/:][a-z0-9]+)+$/i;

function looksRandom(value: string): boolean {
  if (value.length < 16 || /\s/.test(value) || /^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return false;
  if (UUID.test(value)) return true;
  if (NAME.test(value) && value.split(/[-._/:]/).some((part) => /^[A-Za-z]{3,}$/.test(part))) return false;
  return /[0-9]/.test(value) && /[A-Za-z]/.test(value);
}

/** In other projects' kinds such a field names a key of a Secret. */
const NAMES_A_KEY = /(?:secret|private)[_-]?key$/i;

export interface NamedValueOptions {
  /** An empty value is set on purpose (an environment variable, a ConfigMap's key). */
  countsEmpty: boolean;
  /** Only plain names count: annotations, and custom resources whose fields name other objects. */
  plainOnly: boolean;
}

/** The rule that a literal beside this name breaks; null for none. */
export function judgeNamedValue(name: string, raw: string, options: NamedValueOptions): CredentialRule | null {
  const kind = credentialName(name);
  if (kind === null || (options.plainOnly && (kind === "vague" || NAMES_A_KEY.test(name)))) return null;
  const value = raw.trim().replace(/^(["'])([\s\S]*)\1$/, "$2");
  if (value === "") {
    return options.countsEmpty && kind === "plain" && /(?:password|passwd|passphrase)s?$/i.test(name)
      ? "empty-password"
      : null;
  }
  if (value.length > 4096 || isReference(value)) return null;
  if (kind === "vague")
    return looksRandom(value.replace(/^(?:bearer|basic|token)\s+/i, "")) ? "password-literal" : null;
  if (/\s/.test(value) && value.length > 64) return null;
  if (isDefaultPassword(value)) return "default-password";
  return value.length < MINIMUM_LENGTH ? "short-password" : "password-literal";
}
