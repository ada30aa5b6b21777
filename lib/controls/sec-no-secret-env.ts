/**
 * Credentials reach CDE containers by files or external stores, not environment variables.
 *
 * Reads: env[].valueFrom.secretKeyRef and envFrom[].secretRef of init, ordinary and ephemeral containers of live pods, or of the
 * template where no pod lives; the register of Secrets that were declared to hold no credential. Names, never values. CDE namespaces.
 * Pass: no variable comes from a Secret.
 * Fail: some variable does; low when every such Secret or key was declared to hold no credential.
 * Unknown: pods were not read, an object of the namespace is invalid, or no scope is declared.
 * Not applicable: no workload in the namespace; finished pods are not judged.
 *
 * Variables leak through process listings, crash dumps, child processes and debug endpoints. The standard does not forbid them by
 * name, so the links support only. A store that injects variables when the process starts (vault-env) is not visible here.
 */
import type { PodVariant, Workload } from "@/lib/inventory/inventory";
import type { Container, PodSpec } from "@/lib/inventory/kinds";
import { isApprovedAt } from "@/lib/inventory/registers";
import { visitContainers } from "@/lib/podsecurity";
import { nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, EvidencePointer } from "./types";
import { type PodSpecPatch, remediateWorkload } from "./workload-patch";
import {
  containerListEvidence,
  distinct,
  judgeWorkloads,
  sourceWords,
  specEvidence,
  type Verdict,
  WORKLOAD_SECTIONS,
  wordsOf,
} from "./workloads";

const CATEGORIES = ["cde"] as const;

export const secNoSecretEnv: Control = {
  id: "sec-no-secret-env",
  title: "Credentials reach CDE containers by files or external stores, not environment variables",
  severity: "medium",
  requirements: [
    {
      requirement: "8.6.2",
      kind: "supporting",
      rationale: "Credentials of application accounts that are not in variables can't be read off processes and dumps.",
    },
    {
      requirement: "8.3.2",
      kind: "supporting",
      rationale:
        "A variable holds the credential in clear text for as long as the process runs; a file can be guarded.",
    },
  ],
  judges: "workload",
  sections: WORKLOAD_SECTIONS,
  rule: {
    reads:
      "env with secretKeyRef and envFrom with secretRef of all init, ordinary and ephemeral containers of live pods in CDE namespaces; names only.",
    pass: "No environment variable comes from a Secret.",
    fail: "Some variable comes from a Secret; low when it was declared to hold no credential.",
    unknown: "Pods could not be listed, an object is invalid, or the scope is not declared.",
    notApplicable: "No workload in the namespace, or all its pods have finished.",
    why: "The pod's specification says which variables the kubelet fills from which Secret.",
    cannotSee:
      "Variables that a store's injector sets when the process starts, and credentials written as plain values.",
  },
  evaluate: (context) => judgeWorkloads(context, CATEGORIES, (workload) => judge(context, workload)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `cdepods | jq -r "$ALLC"' . as $p|allc|. as $c|((.env//[])[]|select(.valueFrom.secretKeyRef)|"\\(.name) from \\(.valueFrom.secretKeyRef.name)/\\(.valueFrom.secretKeyRef.key)"),((.envFrom//[])[]|select(.secretRef)|"every key of \\(.secretRef.name)")|"\\($p.metadata.namespace)/\\($p.metadata.name) \\($c.name) \\(.)"'`,
    ),
    expect: "No output. Each line is a variable that comes from a Secret; the command shows names only.",
    needs: [],
  }),
  remediate: (context, result) =>
    remediateWorkload(
      context,
      result,
      {
        summary:
          "Mount the Secret as files and let the program read them (the patch puts each Secret below /var/run/credentials and takes the variables away), or use a store's CSI driver with a SecretProviderClass.",
        risk: "The program must read the credential from the file; until it does, it starts without it. Change the program first.",
      },
      mountedPatch,
    ),
};

interface SecretVariable {
  /** Variable's name; null for every key of the Secret. */
  variable: string | null;
  secret: string;
  key: string | null;
  pointer: string;
}

function variablesOf(container: Container): SecretVariable[] {
  return [
    ...(container.env ?? []).flatMap((entry, index): SecretVariable[] => {
      const ref = entry.valueFrom?.secretKeyRef;
      return ref === undefined
        ? []
        : [
            {
              variable: entry.name,
              secret: ref.name ?? "",
              key: ref.key,
              pointer: `/env/${index}/valueFrom/secretKeyRef`,
            },
          ];
    }),
    ...(container.envFrom ?? []).flatMap((entry, index): SecretVariable[] =>
      entry.secretRef === undefined
        ? []
        : [{ variable: null, secret: entry.secretRef.name ?? "", key: null, pointer: `/envFrom/${index}/secretRef` }],
    ),
  ];
}

/** True when somebody declared that the Secret, or this key of it, holds no credential. */
function isDeclaredHarmless({ registers, asOf }: EvaluationContext, namespace: string, found: SecretVariable): boolean {
  return (registers?.nonCredentials ?? []).some(
    (entry) =>
      entry.namespace === namespace &&
      entry.secret === found.secret &&
      (entry.key === undefined || entry.key === found.key) &&
      isApprovedAt(entry, asOf),
  );
}

function judge(context: EvaluationContext, workload: Workload): Verdict {
  const found = workload.variants.flatMap((variant) => secretVariables(variant));
  const subject = `${wordsOf(workload.ref)}${sourceWords(workload)}`;
  if (found.length === 0) {
    return {
      status: "pass",
      reason: "no variable comes from a Secret",
      detail: `${subject}: no environment variable of its containers comes from a Secret.`,
      evidence: containerListEvidence(workload),
    };
  }
  const open = found.filter((entry) => !isDeclaredHarmless(context, workload.namespace, entry));
  const words = distinct(
    found.map(({ container, variable, secret, key }) =>
      variable === null
        ? `container ${container} takes every key of Secret ${secret}`
        : `container ${container} takes ${variable} from Secret ${secret}, key ${key}`,
    ),
  );
  const count = words.length;
  return {
    status: "fail",
    severity: open.length === 0 ? "low" : "medium",
    reason: shortReason(
      open.length === 0
        ? `variables from Secrets that were declared to hold no credential: ${nameSome(distinct(found.map((f) => f.secret)), 2)}`
        : `${count} ${count === 1 ? "variable comes" : "variables come"} from Secrets: ${nameSome(distinct(open.map((f) => f.variable ?? `all of ${f.secret}`)), 3)}`,
    ),
    detail: `${subject}: ${nameSome(words, 12)}.${open.length === 0 ? " All of them were declared to hold no credential." : ""}`,
    evidence: found.map(({ evidence }) => evidence),
  };
}

function secretVariables(variant: PodVariant): (SecretVariable & { container: string; evidence: EvidencePointer })[] {
  return visitContainers(variant.spec).flatMap(({ container, pointer }) =>
    variablesOf(container).map((found) => ({
      ...found,
      container: container.name,
      evidence: specEvidence(
        variant,
        `${pointer}${found.pointer}`,
        found.variable === null ? `Secret ${found.secret}` : `${found.variable} from Secret ${found.secret}`,
      ),
    })),
  );
}

/** The Secrets as files, the variables gone. What the container mounts and takes besides stays as it is. */
function mountedPatch(spec: PodSpec): PodSpecPatch {
  const all = [...(spec.initContainers ?? []), ...spec.containers];
  const secrets = distinct(all.flatMap((container) => variablesOf(container).map(({ secret }) => secret)));
  const volumeOf = (secret: string) => `credentials-${secrets.indexOf(secret)}`;
  return {
    spec: { volumes: secrets.map((secret) => ({ name: volumeOf(secret), secret: { secretName: secret } })) },
    containers: Object.fromEntries(
      all.flatMap((container) => {
        const variables = variablesOf(container);
        if (variables.length === 0) return [];
        const gone = variables.flatMap(({ variable }) => variable ?? []);
        const kept = (container.envFrom ?? []).filter(({ secretRef }) => secretRef === undefined);
        return [
          [
            container.name,
            {
              ...(gone.length > 0 ? { env: gone.map((name) => ({ name, $patch: "delete" })) } : {}),
              ...(kept.length < (container.envFrom ?? []).length ? { envFrom: kept } : {}),
              volumeMounts: distinct(variables.map(({ secret }) => secret)).map((secret) => ({
                name: volumeOf(secret),
                mountPath: `/var/run/credentials/${secret}`,
                readOnly: true,
              })),
            },
          ],
        ];
      }),
    ),
  };
}
