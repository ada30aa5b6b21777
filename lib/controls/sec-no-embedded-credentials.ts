/**
 * sec-no-embedded-credentials: no hard-coded or default credentials in manifests and ConfigMaps.
 *
 * Reads: the pattern scan that runs where the objects are read: environment values, arguments, headers, annotations with the last
 *   applied configuration, ConfigMap data, fields of custom resources; in files also Secrets. It tells rule, object and place.
 *   Approved false positives. CDE and connected-to namespaces, and objects of the whole cluster.
 * Pass: a workload or ConfigMap that was looked through, without an open hit.
 * Fail: a private key, a cloud key, a token, a connection string with its password, a literal beside a name such as password, a
 *   vendor's default or a placeholder such as changeme, an empty or short password. References (`${VAR}`, secretKeyRef) pass.
 * Unknown: nobody looked; the part was not read (ConfigMaps, unless the operator grants them); the list of hits is cut off.
 * Not applicable: no CDE or connected-to namespace.
 * Traps: a former revision of a Deployment (a ReplicaSet scaled to zero) is not judged. Base64 is opened, because it protects nothing; a Secret's last-applied-configuration holds its value. Values of Secrets in
 *   a running cluster are not compared with default passwords: the agent has no right to read them.
 */
import { refKey, refOf } from "@/lib/inventory/inventory";
import type { PatternRule } from "@/lib/inventory/pattern-scan";
import { renderPatch } from "./manifest";
import {
  byOwner,
  evidenceOfHit,
  findHits,
  type FoundHit,
  type FoundHits,
  shortWordsOfHit,
  unscannedSections,
  wordsOfHit,
} from "./pattern-hits";
import { clusterResult, findUndeclared, judgeNamespaces, nameSome } from "./population";
import { ALL_CONTAINERS, CDE_PODS, script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Remediation, Result, Severity } from "./types";
import { type PodSpecPatch, remediateWorkload } from "./workload-patch";
import { findWorkload, WORKLOAD_SECTIONS, wordsOf } from "./workloads";

const CATEGORIES = ["cde", "connected-to"] as const;

export const secNoEmbeddedCredentials: Control = {
  id: "sec-no-embedded-credentials",
  title: "No hard-coded or default credentials in manifests and ConfigMaps",
  severity: "critical",
  requirements: [
    {
      requirement: "8.6.2",
      kind: "fail-only",
      rationale: "A password that stands in a manifest or ConfigMap is hard-coded in a configuration file.",
    },
    {
      requirement: "2.2.2",
      kind: "fail-only",
      rationale: "A vendor's default password in use shows that a default account was not changed.",
    },
    {
      requirement: "8.3.2",
      kind: "fail-only",
      rationale:
        "What stands in a manifest, an annotation or a ConfigMap is stored readable for everybody who may read it.",
    },
    {
      requirement: "8.3.6",
      kind: "supporting",
      rationale: "A literal password of fewer than twelve characters breaks the minimum length.",
    },
  ],
  judges: "workload",
  sections: ["namespaces"],
  rule: {
    reads:
      "Rule, object and place of every hit of the pattern scan over environment, arguments, annotations, ConfigMaps and custom resources; the register of false positives.",
    pass: "The object was looked through and holds no open hit.",
    fail: "A private key, cloud key, token, connection string with a password, literal, default, empty or short password stands in the object.",
    unknown:
      "Nobody looked through the objects, ConfigMaps or another kind were not read, or more was found than the list holds.",
    notApplicable: "No CDE or connected-to namespace.",
    why: "A credential in a manifest is known to everybody with access to the repository, the API or a backup, and is hardly ever changed.",
    cannotSee:
      "Values of Secrets in the cluster (the agent may not read them), files inside images and volumes, kinds that Ringfence doesn't read, and credentials that look like ordinary text. A pass proves nothing.",
  },
  evaluate(context) {
    const found = findHits(context, "credentials");
    if ("status" in found) return [findUndeclared(context) ?? found];
    const grouped = byOwner(withoutHistory(context, found.hits));
    const judged = new Set<string>();
    const results = judgeNamespaces(context, CATEGORIES, (namespace) => {
      const refs = [
        ...context.inventory.workloadsIn(namespace).map(({ ref }) => ref),
        ...context.inventory
          .list("configmaps")
          // Every namespace has this one from a controller; it holds a public certificate.
          .filter(({ metadata }) => metadata.namespace === namespace && metadata.name !== "kube-root-ca.crt")
          .map(refOf),
      ];
      return refs.map((ref) => {
        judged.add(refKey(ref));
        return judgeObject(context, found, ref, grouped.get(refKey(ref)) ?? []);
      });
    });
    if (findUndeclared(context) !== null || results.some(({ status }) => status === "not-applicable")) return results;
    // What is neither a workload nor a ConfigMap has a result only if there is something to say.
    for (const [key, hits] of grouped) {
      const [first] = hits;
      if (judged.has(key) || first === undefined || !isInScope(context, first.owner.namespace)) continue;
      if (hits.some(({ closed }) => closed === undefined)) results.push(failure(first.owner, hits));
    }
    results.push(...unscanned(context, found));
    if (results.length > 0) return results;
    return [
      clusterResult(
        "pass",
        "nothing found in what was looked through",
        `${found.scan.objects} objects were looked through and none holds a credential. There is no workload and no ConfigMap in CDE or connected-to namespaces.`,
      ),
    ];
  },
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope, CATEGORIES),
      `ALLC='${ALL_CONTAINERS}'`,
      CDE_PODS,
      `kubectl get cm -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|. as $c|(.data//{})|to_entries[]|select((.value|test("(?i)(password|passwd|secret|token|api[_-]?key)\\"?\\\\s*[=:]\\\\s*\\"?[^\\\\s\\"$\\\\{<]|BEGIN [A-Z ]*PRIVATE KEY")) or ((.key|test("(?i)(password|passwd|secret|token|api[_-]?key)$")) and (.value|test("^[$<{]")|not)))|"\\($c.metadata.namespace)/\\($c.metadata.name) key=\\(.key)"'`,
      `cdepods | jq -r "$ALLC"' . as $p|allc|. as $c|.env[]?|select(.value!=null and (.name|test("(?i)pass|secret|token|key")) and (.value|test("^[$/<{]")|not))|"\\($p.metadata.namespace)/\\($p.metadata.name) \\($c.name) \\(.name)"'`,
    ),
    expect:
      "No output, or lines that a person has looked at. Each line names a ConfigMap's key or a container's variable, never a value; names such as TOKEN_URL are candidates only.",
    needs: [],
  }),
  remediate(context, result) {
    const found = findHits(context, "credentials");
    const hits =
      "status" in found ? [] : (byOwner(withoutHistory(context, found.hits)).get(refKey(result.object)) ?? []);
    return remediate(
      context,
      result,
      hits.filter(({ closed }) => closed === undefined),
    );
  },
};

/**
 * Without former revisions of a Deployment: what its template says now is judged. The old value is still to be read there, which
 * is one more reason to change it.
 */
function withoutHistory({ inventory }: EvaluationContext, hits: readonly FoundHit[]): FoundHit[] {
  const former = new Set(
    inventory
      .list("replicasets")
      .filter(({ spec, metadata }) => spec.replicas === 0 && (metadata.ownerReferences ?? []).length > 0)
      .map(({ metadata }) => `${metadata.namespace ?? ""}/${metadata.name}`),
  );
  return hits.filter(({ ref }) => ref.kind !== "ReplicaSet" || !former.has(`${ref.namespace ?? ""}/${ref.name}`));
}

function isInScope(context: EvaluationContext, namespace: string | undefined): boolean {
  // An object of the whole cluster reaches the CDE as well.
  if (namespace === undefined) return true;
  return (CATEGORIES as readonly string[]).includes(context.scope.categoryOf(namespace));
}

function judgeObject(
  context: EvaluationContext,
  found: FoundHits,
  ref: Result["object"],
  hits: readonly FoundHit[],
): Result {
  if (hits.some(({ closed }) => closed === undefined)) return failure(ref, hits);
  const sections = ref.kind === "ConfigMap" ? (["configmaps"] as const) : WORKLOAD_SECTIONS;
  const unread = sections.filter((name) => !found.scan.sections.includes(name));
  const subject = wordsOf(ref);
  if (unread.length > 0) {
    const message = context.inventory.snapshot.sections[unread[0] ?? "pods"]?.message ?? "";
    return {
      status: "unknown",
      object: ref,
      reason: `${nameSome(unread, 2)} not looked through`,
      detail:
        `${subject}: ${nameSome(unread)} could not be read whole, so a credential may stand where nobody looked. ${message}`.trim(),
      evidence: [],
    };
  }
  if (found.isTruncated) {
    return {
      status: "unknown",
      object: ref,
      reason: "more was found than the list of hits holds",
      detail: `${subject} is not on the list of hits, but the list holds only the first ${found.hits.length} of the cluster. It becomes known when those are repaired.`,
      evidence: [],
    };
  }
  const closed =
    hits.length === 0
      ? ""
      : ` ${hits.length} of its places were found to be no credential: ${nameSome(
          hits.map((hit) => `${wordsOfHit(hit)}, ${hit.closed ?? ""}`),
          3,
        )}.`;
  return {
    status: "pass",
    object: ref,
    reason: hits.length === 0 ? "no credential found" : "only approved false positives",
    detail: `${subject} was looked through where it was read, and holds no open hit.${closed} A pass shows that the patterns found nothing, not that there is nothing.`,
    evidence: hits.length === 0 ? [{ ref, pointer: "" }] : hits.map(evidenceOfHit),
  };
}

const SEVERITIES: Partial<Record<PatternRule, Severity>> = {
  "json-web-token": "high",
  "empty-password": "high",
  "short-password": "high",
};

function failure(ref: Result["object"], all: readonly FoundHit[]): Result {
  const hits = all.filter(({ closed }) => closed === undefined);
  const worst = hits.some(({ hit }) => SEVERITIES[hit.rule] === undefined) ? "critical" : "high";
  const [first] = hits;
  const more = hits.length > 1 ? ` and ${hits.length - 1} more` : "";
  return {
    status: "fail",
    object: ref,
    severity: worst,
    reason: shortReason(`${first === undefined ? "a credential" : shortWordsOfHit(first)}${more}`),
    detail: `${wordsOf(ref)} holds ${nameSome(hits.map(wordsOfHit), 6)}. The value stayed in the cluster; whoever may read the object, its backup or its repository has it.`,
    evidence: all.slice(0, 50).map(evidenceOfHit),
  };
}

/** What belongs to the cluster and was not looked through: ConfigMaps first, because credentials mostly lie there. */
function unscanned(context: EvaluationContext, { scan }: FoundHits): Result[] {
  const missing = unscannedSections(context, scan).filter(
    (name) => !(WORKLOAD_SECTIONS as readonly string[]).includes(name),
  );
  const results: Result[] = [];
  if (missing.includes("configmaps")) {
    const section = context.inventory.snapshot.sections.configmaps;
    results.push({
      ...clusterResult(
        "unknown",
        "ConfigMaps were not looked through",
        `ConfigMaps are where credentials mostly stand, and nobody looked: ${section?.message ?? "the section was not collected"}`,
      ),
      part: "configmaps",
    });
  }
  const others = missing.filter((name) => name !== "configmaps");
  if (others.length > 0) {
    results.push({
      ...clusterResult(
        "unknown",
        shortReason(`${nameSome(others, 2)} not looked through`),
        `These kinds could not be read, so their annotations and fields were not looked through: ${nameSome(others, 10)}. It becomes known when the agent may list them.`,
      ),
      part: "other kinds",
    });
  }
  return results;
}

function remediate(context: EvaluationContext, result: Result, hits: readonly FoundHit[]): Remediation {
  const words = {
    summary:
      "Change the credential where it is accepted, because it is known; keep the new one in an external store or a Secret, and let the object point to it.",
    risk: "The old value stops working where it is still used. A pod that refers to a Secret that doesn't exist does not start: make the Secret first.",
  };
  const { object } = result;
  if (object.kind === "ConfigMap" && object.namespace !== undefined) {
    const keys = hits.map(({ hit }) => /^\/data\/([^/]+)$/.exec(hit.pointer)?.[1]);
    const known = keys.filter((key): key is string => key !== undefined && !key.includes("<redacted>"));
    if (known.length < keys.length || known.length === 0) return words;
    const data = Object.fromEntries(known.map((key) => [key.replaceAll("~1", "/").replaceAll("~0", "~"), null]));
    return {
      summary: `${words.summary} The patch takes the ${known.length === 1 ? "key" : "keys"} out of the ConfigMap; put ${known.length === 1 ? "it" : "them"} into a Secret first.`,
      manifest: renderPatch({ data }),
      apply: `kubectl -n ${shellQuote(object.namespace)} patch configmap ${shellQuote(object.name)} --type merge --patch-file patch.yaml`,
      risk: "Pods that read the key from the ConfigMap don't find it any more until they read it from the Secret.",
    };
  }
  const workload = findWorkload(context, result);
  const variables = hits.map(({ hit }) => (/\/env\/\d+\/value$/.test(hit.pointer) ? hit.name : undefined));
  if (workload === undefined || hits.length === 0 || variables.includes(undefined)) return words;
  const wanted = new Set(variables);
  const secret = `${workload.ref.name}-credentials`;
  return remediateWorkload(
    context,
    result,
    {
      ...words,
      summary: `${words.summary} The patch reads ${nameSome([...wanted].flatMap((name) => name ?? []))} from the Secret ${secret}.`,
    },
    (spec): PodSpecPatch => ({
      containers: Object.fromEntries(
        [...(spec.initContainers ?? []), ...spec.containers].flatMap((container) => {
          const env = (container.env ?? [])
            .filter(({ name, valueFrom }) => wanted.has(name) && valueFrom === undefined)
            .map(({ name }) => ({
              name,
              value: null,
              valueFrom: { secretKeyRef: { name: secret, key: name.toLowerCase().replaceAll("_", "-") } },
            }));
          return env.length === 0 ? [] : [[container.name, { env }]];
        }),
      ),
    }),
  );
}
