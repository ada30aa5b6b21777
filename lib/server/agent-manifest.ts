/**
 * What a customer applies to a cluster: the files of deploy/agent, in an order that `kubectl apply` accepts, with this
 * server's address, the agent's image and the enrolment token filled in. The token stands in a Secret and nowhere else.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What others need comes first; files that are not named here come between, the Deployment always last. */
const FIRST = [
  "namespace.yaml",
  "serviceaccount.yaml",
  "clusterrole.yaml",
  "clusterrolebinding.yaml",
  "role.yaml",
  "rolebinding.yaml",
  "secrets.yaml",
];
const LAST = ["deployment.yaml"];

/** Ends the here-document; no line of a manifest is this word. */
const END = "RINGFENCE_MANIFEST";

export interface ManifestValues {
  /** Origin of this server as agents reach it. */
  serverUrl: string;
  token: string;
  image: string;
  clusterName: string;
}

let template: string | null = null;

function readTemplate(): string {
  if (template !== null) return template;
  const folder = join(process.cwd(), "deploy/agent");
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const between = files.filter((name) => !FIRST.includes(name) && !LAST.includes(name)).sort();
  template = [...FIRST, ...between, ...LAST]
    .map((name) => readFileSync(join(folder, name), "utf8").trim())
    .join("\n---\n");
  return template;
}

/**
 * The manifest as YAML.
 *
 * @throws Error if a value could break out of its place, or a place is missing in the files.
 */
export function renderAgentManifest(values: ManifestValues): string {
  const places: Record<string, [value: string, shape: RegExp]> = {
    __RINGFENCE_URL__: [values.serverUrl, /^https?:\/\/[A-Za-z0-9.[\]:-]+$/],
    __ENROLMENT_TOKEN__: [values.token, /^rfe_[A-Za-z0-9_-]+$/],
    __AGENT_IMAGE__: [values.image, /^[A-Za-z0-9][A-Za-z0-9./:@_-]*$/],
  };
  if (!/^[a-z0-9-]+$/.test(values.clusterName)) throw new Error("The cluster's name does not fit into the manifest.");
  let text = readTemplate();
  for (const [place, [value, shape]] of Object.entries(places)) {
    if (!shape.test(value)) throw new Error(`The value for ${place} does not fit into the manifest.`);
    if (!text.includes(place)) throw new Error(`deploy/agent has no place for ${place}.`);
    text = text.replaceAll(place, value);
  }
  return `# Ringfence agent for the cluster ${values.clusterName}\n${text}\n`;
}

/** The one command that applies it, for bash or sh. */
export function renderApplyCommand(manifest: string): string {
  if (manifest.split("\n").includes(END)) throw new Error("The manifest would end its own here-document.");
  return `kubectl apply -f - <<'${END}'\n${manifest}${END}\n`;
}
