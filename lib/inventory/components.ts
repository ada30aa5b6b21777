/** A bill of materials in a few numbers and names: the list itself stays where it is. */

export interface ComponentSummary {
  /** Number of components. */
  components: number;
  /** Package types (deb, apk, rpm, npm, golang …), sorted. */
  ecosystems: string[];
  /** Base image, as `debian 12.7`; absent when none was found (scratch, distroless without release file). */
  operatingSystem?: string;
  /** Shells and package managers among the components, sorted. */
  tools: string[];
}

/** As much of a component as the summary needs. */
export interface NamedComponent {
  name?: string;
  version?: string;
  /** CycloneDX's component type; `operating-system` names the base image. */
  type?: string;
  /** Package URL. */
  purl?: string;
}

const TOOLS: ReadonlySet<string> = new Set([
  "apk-tools",
  "apt",
  "ash",
  "bash",
  "busybox",
  "dash",
  "dnf",
  "dpkg",
  "ksh",
  "microdnf",
  "rpm",
  "tdnf",
  "yum",
  "zsh",
]);

/** Counts and names the components; the operating system itself is not a component. */
export function summarizeComponents(list: readonly NamedComponent[]): ComponentSummary {
  const system = list.find((component) => component.type === "operating-system");
  const parts = list.filter((component) => component.type !== "operating-system");
  const summary: ComponentSummary = {
    components: parts.length,
    ecosystems: sorted(parts.flatMap(({ purl }) => (purl === undefined ? [] : ecosystemOf(purl)))),
    tools: sorted(parts.flatMap(({ name }) => (name !== undefined && TOOLS.has(name) ? [name] : []))),
  };
  const base = [system?.name, system?.version].filter((part) => part !== undefined && part !== "").join(" ");
  if (base !== "") summary.operatingSystem = base;
  return summary;
}

/** `deb` of `pkg:deb/debian/openssl@3.0`; nothing for a text that is no package URL. */
function ecosystemOf(purl: string): string[] {
  const found = /^pkg:([a-z][a-z0-9.+-]{0,30})\//i.exec(purl)?.[1];
  return found === undefined ? [] : [found.toLowerCase()];
}
function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
