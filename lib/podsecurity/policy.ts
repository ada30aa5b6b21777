/**
 * Which level and version Pod Security admission applies to a namespace.
 *
 * Labels `pod-security.kubernetes.io/{enforce,audit,warn}` and `…-version`. What is not labelled comes from the cluster's
 * default, which stands in the API server's admission configuration and is privileged:latest unless somebody changed it.
 *
 * The plug-in's behaviour with invalid values (the API refuses them on write while the plug-in is on, but a namespace may
 * carry them from a time when it was off): an invalid enforce level is enforced as **restricted**, an invalid audit or warn
 * level does nothing, an invalid version is `latest`. An invalid enforce label is therefore not an open door, but it is still a
 * mistake that the control reports.
 */
export const POD_SECURITY_LEVELS = ["privileged", "baseline", "restricted"] as const;
export type PodSecurityLevel = (typeof POD_SECURITY_LEVELS)[number];
/** `latest` or the minor version of `v1.MINOR`. */
export type PodSecurityVersion = "latest" | number;
export const POD_SECURITY_MODES = ["enforce", "audit", "warn"] as const;
export type PodSecurityMode = (typeof POD_SECURITY_MODES)[number];

export interface LevelVersion {
  level: PodSecurityLevel;
  version: PodSecurityVersion;
}
export type PodSecurityPolicy = Record<PodSecurityMode, LevelVersion>;

export interface PolicyProblem {
  label: string;
  value: string;
  problem: string;
}

const LABEL_PREFIX = "pod-security.kubernetes.io/";
export const PRIVILEGED_DEFAULTS: PodSecurityPolicy = {
  enforce: { level: "privileged", version: "latest" },
  audit: { level: "privileged", version: "latest" },
  warn: { level: "privileged", version: "latest" },
};

/** `pod-security.kubernetes.io/enforce`, `…/enforce-version` and so on. */
export function podSecurityLabel(mode: PodSecurityMode, part: "level" | "version"): string {
  return part === "level" ? `${LABEL_PREFIX}${mode}` : `${LABEL_PREFIX}${mode}-version`;
}

/** Null when the text is not a level; levels are case-sensitive. */
export function parseLevel(text: string): PodSecurityLevel | null {
  return POD_SECURITY_LEVELS.find((level) => level === text) ?? null;
}

/** `latest` or `v1.32`; null for anything else, also for `1.32`, `v1.032` and patch versions. */
export function parseVersion(text: string): PodSecurityVersion | null {
  if (text === "latest") return "latest";
  const match = /^v1\.(0|[1-9][0-9]*)$/.exec(text);
  return match?.[1] === undefined ? null : Number(match[1]);
}

/**
 * The policy that the plug-in evaluates for a namespace with these labels.
 *
 * @param labels of the Namespace object.
 * @param defaults of the API server's admission configuration, where known.
 * @returns the policy and every label that could not be parsed.
 */
export function resolvePolicy(
  labels: Record<string, string>,
  defaults: PodSecurityPolicy = PRIVILEGED_DEFAULTS,
): { policy: PodSecurityPolicy; problems: PolicyProblem[] } {
  const problems: PolicyProblem[] = [];
  const read = (mode: PodSecurityMode) => {
    const levelText = labels[podSecurityLabel(mode, "level")];
    const versionText = labels[podSecurityLabel(mode, "version")];
    const level = levelText === undefined ? undefined : parseLevel(levelText);
    const version = versionText === undefined ? undefined : parseVersion(versionText);
    if (level === null && levelText !== undefined) {
      problems.push({
        label: podSecurityLabel(mode, "level"),
        value: levelText,
        problem: `must be one of ${POD_SECURITY_LEVELS.join(", ")}`,
      });
    }
    if (version === null && versionText !== undefined) {
      problems.push({
        label: podSecurityLabel(mode, "version"),
        value: versionText,
        problem: 'must be "latest" or "v1.x"',
      });
    }
    return { level, version };
  };
  const enforce = read("enforce");
  const audit = read("audit");
  const warn = read("warn");

  const enforced: LevelVersion = {
    level: enforce.level === null ? "restricted" : (enforce.level ?? defaults.enforce.level),
    version: enforce.version === null ? "latest" : (enforce.version ?? defaults.enforce.version),
  };
  const warned: LevelVersion = {
    level: warn.level === null ? "privileged" : (warn.level ?? defaults.warn.level),
    version: warn.version === null ? "latest" : (warn.version ?? defaults.warn.version),
  };
  // Without a warn label a stricter enforce level also warns, so that the author of a Deployment hears of it.
  if (warn.level === undefined && enforce.level != null && rank(enforced.level) > rank(warned.level)) {
    warned.level = enforced.level;
    if (warn.version === undefined) warned.version = enforced.version;
  }
  return {
    policy: {
      enforce: enforced,
      audit: {
        level: audit.level === null ? "privileged" : (audit.level ?? defaults.audit.level),
        version: audit.version === null ? "latest" : (audit.version ?? defaults.audit.version),
      },
      warn: warned,
    },
    problems,
  };
}

function rank(level: PodSecurityLevel): number {
  return POD_SECURITY_LEVELS.indexOf(level);
}

/** True when `level` refuses at least what `floor` refuses. */
export function isAtLeast(level: PodSecurityLevel, floor: PodSecurityLevel): boolean {
  return rank(level) >= rank(floor);
}
