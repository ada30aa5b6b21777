/**
 * CDE namespaces enforce Pod Security Standard restricted (connected-to namespaces: baseline or restricted).
 *
 * Reads: the labels pod-security.kubernetes.io/enforce and enforce-version of the Namespace, the API server's version and flags,
 * and the imported admission configuration where there is one (cluster-wide defaults and exemptions).
 * Pass: enforce=restricted (connected-to: baseline is enough) at version latest, or pinned at most two minors behind the server.
 * A missing label passes only when the imported configuration is known to default to the level.
 * Fail: no label, a lower level, a value that is none, a version pinned too far back, the namespace exempted by the admission
 * configuration, or the plug-in PodSecurity switched off by flag.
 * Unknown: the Namespace object or its labels are not known, no scope is declared, a pinned version cannot be compared because the
 * server's is not known; on OpenShift a namespace without the label, because security context constraints decide there.
 * Not applicable: never for a CDE; a cluster without any.
 *
 * The plug-in enforces an invalid enforce value as restricted; it is a fail all the same, because nobody meant it. The label acts
 * on what is created or changed: pods that already run are judged by adm-running-pods-comply. `latest` and a pin are both
 * accepted: one follows upgrades, the other is stable. The level does not ask for a read-only root file system.
 */
import type { Inventory } from "@/lib/inventory/inventory";
import { refOf } from "@/lib/inventory/inventory";
import { componentFlags } from "@/lib/inventory/flags";
import type { PodSecurityAdmissionConfig } from "@/lib/inventory/imported";
import type { Namespace } from "@/lib/inventory/kinds";
import {
  isAtLeast,
  minorOfVersion,
  PRIVILEGED_DEFAULTS,
  type PodSecurityLevel,
  type PodSecurityPolicy,
  podSecurityLabel,
  resolvePolicy,
} from "@/lib/podsecurity";
import { renderPatch } from "./manifest";
import { judgeNamespaces, namespaceRef } from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import type { Control, EvaluationContext, EvidencePointer, Result } from "./types";

const LEVEL_LABEL = podSecurityLabel("enforce", "level");
const VERSION_LABEL = podSecurityLabel("enforce", "version");
/** How many minor versions a pin may lie behind the API server. */
const MAX_MINORS_BEHIND = 2;

export const admPssRestricted: Control = {
  id: "adm-pss-restricted",
  title: "CDE namespaces enforce Pod Security Standard restricted",
  severity: "critical",
  requirements: [
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale:
        "The restricted level is a published hardening standard for pods; enforcing it applies that standard to every new pod.",
    },
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "The API server then refuses pods whose security settings would let them be misused.",
    },
  ],
  judges: "namespace",
  sections: ["namespaces"],
  rule: {
    reads:
      "The enforce and enforce-version labels of CDE and connected-to namespaces, the API server's version and admission flags.",
    pass: "enforce=restricted (connected-to: baseline or restricted), at latest or at most two minor versions behind the API server.",
    fail: "No label, a lower level, an invalid value, an old pinned version, an exempted namespace, or the plug-in switched off.",
    unknown:
      "The namespace's labels are not known, the scope is not declared, the server's version is needed and not known, or OpenShift's constraints decide.",
    notApplicable: "Only in a cluster without CDE and connected-to namespaces.",
    why: "The built-in admission plug-in reads exactly these labels when a pod is created or changed.",
    cannotSee:
      "Exemptions (users, runtime classes, namespaces) and defaults in the API server's admission configuration, unless that file was imported; a plug-in that was switched off on API servers whose flags are not visible (cp-admission-plugins is then unknown); pods that were running before.",
  },
  evaluate: (context) => {
    const plugin = pluginState(context.inventory);
    return judgeNamespaces(context, ["cde", "connected-to"], (namespace) => [judge(context, namespace, plugin)]);
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, ["cde"]),
      `kubectl get ns -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.name as $n|$cde|index($n))|[.metadata.name,(.metadata.labels["${LEVEL_LABEL}"]//"no label"),(.metadata.labels["${VERSION_LABEL}"]//"latest")]|@tsv'`,
      "kubectl version -o json | jq -r .serverVersion.gitVersion",
    ),
    expect:
      "Every CDE namespace with restricted, and latest or a version at most two minors behind the server's (last line). Connected-to namespaces need baseline or restricted.",
    needs: [],
  }),
  remediate: (context, result) => {
    const name = result.object.name;
    const level = requiredLevel(context, name);
    return {
      summary: `See first what would be refused: kubectl label --dry-run=server --overwrite ns ${name} ${LEVEL_LABEL}=${level} prints a warning for each running pod that breaks the level. Correct those workloads, then set the labels.`,
      manifest: renderPatch({ metadata: { labels: { [LEVEL_LABEL]: level, [VERSION_LABEL]: "latest" } } }),
      apply: `kubectl patch namespace ${shellQuote(name)} --patch-file patch.yaml`,
      risk: "Pods that break the level are refused when they are next created: a rollout, an eviction or a node failure then leaves them down.",
    };
  },
};

interface PluginState {
  /** True when some API server has the plug-in switched off. */
  isOff: boolean;
  evidence: EvidencePointer[];
}

/** PodSecurity is on by default; only the flags of API servers that are visible can show that it is off. */
function pluginState(inventory: Inventory): PluginState {
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) return { isOff: false, evidence: [] };
  const off = flags.instances.flatMap((instance) => {
    const disabled = instance.flags.get("disable-admission-plugins");
    const names = (disabled?.values ?? []).flatMap((value) => value.split(","));
    return disabled !== undefined && names.includes("PodSecurity")
      ? [{ ref: instance.ref, pointer: disabled.pointer, found: names.join(",") }]
      : [];
  });
  return { isOff: off.length > 0, evidence: off };
}

function requiredLevel(context: EvaluationContext, namespace: string): PodSecurityLevel {
  return context.scope.categoryOf(namespace) === "connected-to" ? "baseline" : "restricted";
}

function judge(context: EvaluationContext, name: string, plugin: PluginState): Result {
  const { inventory } = context;
  const object = inventory.namespaces.get(name);
  const base = { object: object === undefined ? namespaceRef(name) : refOf(object) };
  if (object === undefined) {
    return {
      ...base,
      status: "unknown",
      reason: "no Namespace object, so its labels are not known",
      detail: `Namespace ${name} is not among the objects, so nobody knows what Pod Security enforces in it. Add the Namespace object.`,
      evidence: [],
    };
  }
  const required = requiredLevel(context, name);
  const config = inventory.facts.podSecurityAdmission;
  const { policy, problems } = resolvePolicy(object.metadata.labels ?? {}, defaultsOf(config));
  const evidence = labelEvidence(object);
  const label = object.metadata.labels?.[LEVEL_LABEL];
  const fail = (reason: string, detail: string, more: EvidencePointer[] = []): Result => ({
    ...base,
    status: "fail",
    reason,
    detail: `Namespace ${name}: ${detail}`,
    evidence: [...more, ...evidence],
  });

  if (plugin.isOff) {
    return fail(
      "the PodSecurity plug-in is switched off",
      "the API server runs with --disable-admission-plugins=PodSecurity, so no label has any effect.",
      plugin.evidence,
    );
  }
  if (config?.exemptions.namespaces.includes(name)) {
    return fail(
      "exempted by the admission configuration",
      `the API server's admission configuration (${config.origin.name}) exempts the namespace, so its labels have no effect.`,
    );
  }
  const problem = problems.find((p) => p.label === LEVEL_LABEL || p.label === VERSION_LABEL);
  if (problem !== undefined) {
    const effect =
      problem.label === LEVEL_LABEL
        ? "The plug-in enforces restricted for such a value"
        : "The plug-in applies the latest version for such a value";
    return fail(
      `${problem.label.split("/")[1]}=${problem.value} is not valid`,
      `the label ${problem.label}=${problem.value} ${problem.problem}. ${effect}, but nobody meant that, and the API refuses the value at the next change.`,
    );
  }
  if (label === undefined && inventory.provider === "openshift") {
    return {
      ...base,
      status: "unknown",
      reason: "OpenShift: security context constraints decide",
      detail: `Namespace ${name} has no label ${LEVEL_LABEL}. On OpenShift security context constraints restrict pods instead; they are not part of the snapshot. Set the label, or show which constraint applies.`,
      evidence,
    };
  }
  if (!isAtLeast(policy.enforce.level, required)) {
    const unseen =
      config === undefined && label === undefined
        ? " A default in the API server's admission configuration could make it safe; it cannot be seen through the API and was not imported."
        : "";
    return label === undefined
      ? fail(
          "no enforce label",
          `the label ${LEVEL_LABEL} is missing, so ${policy.enforce.level} applies where ${required} is needed.${unseen}`,
        )
      : fail(
          `enforces ${policy.enforce.level}, not ${required}`,
          `${LEVEL_LABEL}=${label}, where ${required} is needed.`,
        );
  }
  const { version } = policy.enforce;
  if (version !== "latest") {
    const server = minorOfVersion(inventory.facts.gitVersion);
    if (server === null) {
      return {
        ...base,
        status: "unknown",
        reason: `pinned to v1.${version}; the server's version is not known`,
        detail: `Namespace ${name} enforces ${policy.enforce.level} as of v1.${version}. Whether that is within two minor versions of the API server is not known, because its version is not in the snapshot.`,
        evidence,
      };
    }
    if (server - version > MAX_MINORS_BEHIND) {
      return fail(
        `pinned to v1.${version}, server is 1.${server}`,
        `the rules are pinned to v1.${version}, ${server - version} minor versions behind the API server (1.${server}); later rules are not enforced.`,
      );
    }
  }
  const source =
    label === undefined ? `the admission configuration's default (${config?.origin.name ?? ""})` : "its label";
  const exemptions =
    config === undefined
      ? " Exemptions in the admission configuration cannot be seen through the API."
      : exemptionWords(config);
  return {
    ...base,
    status: "pass",
    reason: `enforces ${policy.enforce.level} (${version === "latest" ? "latest" : `v1.${version}`})`,
    detail: `Namespace ${name} enforces ${policy.enforce.level} at ${version === "latest" ? "the latest version" : `v1.${version}`} by ${source}.${exemptions}`,
    evidence,
  };
}

function exemptionWords(config: PodSecurityAdmissionConfig): string {
  const { usernames, runtimeClasses } = config.exemptions;
  const words = [
    ...(usernames.length > 0 ? [`users ${usernames.join(", ")}`] : []),
    ...(runtimeClasses.length > 0 ? [`runtime classes ${runtimeClasses.join(", ")}`] : []),
  ];
  return words.length === 0 ? "" : ` The admission configuration exempts ${words.join(" and ")}.`;
}

function labelEvidence(object: Namespace): EvidencePointer[] {
  const ref = refOf(object);
  return [LEVEL_LABEL, VERSION_LABEL].flatMap((label) => {
    const found = object.metadata.labels?.[label];
    // The missing level label is itself what was found; a missing version is ordinary.
    if (found === undefined && label === VERSION_LABEL) return [];
    const pointer = `/metadata/labels/${label.replaceAll("/", "~1")}`;
    return [found === undefined ? { ref, pointer } : { ref, pointer, found }];
  });
}

/** The plug-in's defaults: those of the imported configuration, read as labels are. */
function defaultsOf(config: PodSecurityAdmissionConfig | undefined): PodSecurityPolicy {
  if (config === undefined) return PRIVILEGED_DEFAULTS;
  const labels = Object.fromEntries(
    Object.entries(config.defaults).map(([mode, value]) => [`pod-security.kubernetes.io/${mode}`, value]),
  );
  return resolvePolicy(labels).policy;
}
