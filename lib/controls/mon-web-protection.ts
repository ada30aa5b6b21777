/**
 * mon-web-protection: public web applications of the CDE sit behind an active web application firewall.
 *
 * Reads: Ingresses, HTTP and gRPC routes, OpenShift Routes and VirtualServices that lead into the CDE, with their firewall
 *   annotations; the ingress controller's ConfigMap as far as it is collected; imported records of firewalls; the register of public services.
 * Pass: every public host has a firewall that blocks, by configuration or record, with logs; or one that detects, whose alerts
 *   somebody is named to look at at once.
 * Fail: a firewall that only detects without that, one whose record names no logs, or none, where the firewalls of other hosts are on record.
 * Unknown: no sign of a firewall in the cluster and no record at all, because one outside can't be seen; a firewall is attached, and
 *   whether it blocks is not known.
 * Not applicable: no public web application leads into the CDE.
 * Payment-page scripts (6.4.3) and their tamper detection (11.6.1) happen in browsers and are attested.
 */
import { type Exposure, EXPOSURE_SECTIONS, exposuresOf } from "./exposures";
import { isApprovedAt } from "@/lib/inventory/registers";
import { namespaceOf } from "@/lib/inventory/workloads";
import { renderPatch } from "./manifest";
import { clusterResult, findUnreadable, invalidResults, judgeCluster, nameSome } from "./population";
import { script, selectNamespaces, shellQuote } from "./prelude";
import { shortReason } from "./short-reason";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Remediation,
  type Result,
} from "./types";
import { type Firewall, ingressFirewall, recordedFirewalls } from "./web-firewalls";

const WEB_KINDS = ["Ingress", "HTTPRoute", "GRPCRoute", "Route", "VirtualService"];
const SECTIONS = EXPOSURE_SECTIONS.filter((section) => !["gateway-tlsroutes", "gateway-tcproutes"].includes(section));

export const monWebProtection: Control = {
  id: "mon-web-protection",
  title: "Public web applications of the CDE sit behind an active web application firewall",
  severity: "high",
  requirements: [
    {
      requirement: "6.4.2",
      kind: "primary",
      rationale:
        "An automated solution that detects and prevents web-based attacks stands before each public host, active and logging.",
    },
    {
      requirement: "6.4.1",
      kind: "supporting",
      rationale: "The list of public hosts is the list of what has to be protected or reviewed.",
    },
    {
      requirement: "11.6.1",
      kind: "supporting",
      rationale: "Pages behind the same hosts may be payment pages, whose tamper detection is attested beside it.",
    },
    {
      requirement: "6.4.3",
      kind: "supporting",
      rationale: "Which hosts may serve payment pages is known from their entry points; their scripts are attested.",
    },
  ],
  judges: "ingress",
  sections: ["namespaces", ...SECTIONS],
  rule: {
    reads:
      "Ingresses and routes into the CDE with their firewall annotations, the controller's ConfigMap where it is collected, records of firewalls, and the register of public services.",
    pass: "Every public host has a firewall that blocks and logs, or one that detects with somebody named who looks at its alerts at once.",
    fail: "A firewall that only detects, without logs, or none where those of other hosts are on record.",
    unknown: "No sign of a firewall and no record at all, or one is attached and whether it blocks is not known.",
    notApplicable: "No public web application leads into the CDE.",
    why: "These objects name every public host of the CDE; the firewall before each has to be named by configuration or record.",
    cannotSee:
      "Firewalls outside the cluster that nobody has recorded, how good the rules are, and where ModSecurity's log goes.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => judge(context)),
  verify: ({ scope }) => ({
    command: script(
      selectNamespaces(scope),
      `kubectl get ingress -A -o json | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|["Ingress",.metadata.namespace,.metadata.name,([(.spec.rules//[])[].host//"*"]|join(",")),([(.metadata.annotations//{})|to_entries[]|select(.key|test("waf|modsecurity|coraza|owasp|app-protect|backend-config";"i"))|"\\(.key)=\\(.value)"]|join(";"))]|@tsv'`,
      `for kind in httproutes.gateway.networking.k8s.io grpcroutes.gateway.networking.k8s.io routes.route.openshift.io virtualservices.networking.istio.io; do kubectl get "$kind" -A -o json 2>/dev/null | jq -r --argjson cde "$CDE" '.items[]|select(.metadata.namespace as $n|$cde|index($n))|[.kind,.metadata.namespace,.metadata.name,((.spec.hostnames//.spec.hosts//[.spec.host])|map(strings)|join(","))]|@tsv'; done`,
      `kubectl get configmaps -A -o json | jq -r '.items[]|select((.data//{})|has("enable-modsecurity"))|["ConfigMap",.metadata.namespace,.metadata.name,.data["enable-modsecurity"],(.data["enable-owasp-modsecurity-crs"]//"-"),((.data["modsecurity-snippet"]//"-")|gsub("\\n";" "))]|@tsv'`,
    ),
    expect:
      "Each host has a firewall: ModSecurity with the core rules and SecRuleEngine On, or one outside the cluster, whose console shows that it blocks and where its events go.",
    needs: [],
  }),
  remediate,
};

function judge(context: EvaluationContext): Result[] {
  const cde = new Set(context.scope.inCategory("cde"));
  const results = [
    ...exposuresOf(context, cde)
      .filter((exposure) => WEB_KINDS.includes(exposure.ref.kind) && isPublic(context, exposure))
      .map((exposure) => judgeExposure(context, exposure)),
    ...invalidResults(context, WEB_KINDS, [...cde]),
  ];
  const unread = SECTIONS.flatMap((section) => findUnreadable(context, [section]) ?? []);
  if (results.length + unread.length > 0) return [...results, ...unread];
  return [
    clusterResult(
      "not-applicable",
      "no public web application leads into the CDE",
      "No Ingress, HTTP or gRPC route, OpenShift Route or VirtualService behind a gateway leads into a CDE namespace, or those that do are for the internal network.",
    ),
  ];
}

/** What the register says is internal is; without an entry an entry point is taken for a public one. */
function isPublic({ registers, asOf }: EvaluationContext, { ref, facing }: Exposure): boolean {
  if (facing.reach === "internal") return false;
  const entry = (registers?.publicServices ?? []).find(
    ({ object, ...approval }) =>
      object.kind === ref.kind &&
      object.namespace === ref.namespace &&
      object.name === ref.name &&
      isApprovedAt(approval, asOf),
  );
  return entry?.reach !== "internal";
}

interface Answer {
  status: Result["status"];
  text: string;
  evidence: EvidencePointer[];
}

function judgeExposure(context: EvaluationContext, exposure: Exposure): Result {
  const { ref } = exposure;
  const ingress =
    ref.kind === "Ingress"
      ? context.inventory
          .list("ingresses")
          .find((one) => one.metadata.name === ref.name && namespaceOf(one) === ref.namespace)
      : undefined;
  const inside = ingress === undefined ? null : ingressFirewall(context, ingress);
  const hosts = exposure.hosts.length === 0 ? ["*"] : [...new Set(exposure.hosts)];
  const answers = hosts.map((host) => judgeHost(context, host, inside, exposure));
  const worst =
    answers.find(({ status }) => status === "fail") ?? answers.find(({ status }) => status === "unknown") ?? answers[0];
  return {
    status: worst?.status ?? "unknown",
    object: ref,
    reason: shortReason(worst?.text ?? "it names no host"),
    detail: `${ref.kind} ${ref.namespace}/${ref.name}: ${[...new Set(answers.map(({ text }) => text))].join("; ")}. It leads into ${nameSome(exposure.namespaces)}.`,
    evidence: worst === undefined || worst.evidence.length === 0 ? exposure.evidence : worst.evidence,
  };
}

/** The best of what stands before the host: one firewall that is enough is enough. */
function judgeHost(context: EvaluationContext, host: string, inside: Firewall | null, { evidence }: Exposure): Answer {
  const words = host === "*" ? "every host" : host;
  const answers = [...recordedFirewalls(context, host), ...(inside === null ? [] : [inside])].map((firewall) =>
    judgeFirewall(firewall, words),
  );
  const best =
    answers.find(({ status }) => status === "pass") ??
    answers.find(({ status }) => status === "unknown") ??
    answers.find(({ status }) => status === "fail");
  const records = context.inventory.facts.wafRecords;
  if (best !== undefined && !(best.status === "fail" && records === undefined && inside?.mode === "off")) return best;
  if (records === undefined)
    return {
      status: "unknown",
      text: `no firewall before ${words} shows in the cluster, and one outside can't be seen; import the record of the firewall`,
      evidence,
    };
  return {
    status: "fail",
    text: `no firewall stands before ${words}, and no record names one`,
    evidence: [...evidence, { ref: CLUSTER_REF, pointer: "/facts/wafRecords" }],
  };
}

function judgeFirewall({ name, mode, hasLogs, alertsHandledBy, note, evidence }: Firewall, host: string): Answer {
  const say = (status: Answer["status"], text: string): Answer => ({ status, text, evidence });
  switch (mode) {
    case "blocking":
      return hasLogs === false
        ? say("fail", `${name} blocks before ${host}, but its record names no place for its events`)
        : say("pass", `${name} blocks before ${host}`);
    case "detection":
      return hasLogs === true && alertsHandledBy !== null
        ? say("pass", `${name} detects before ${host}, and ${alertsHandledBy} looks at its alerts`)
        : say("fail", `${name} before ${host} only detects, and nobody is named who looks at its alerts at once`);
    case "off":
      return say("fail", `${name} is switched off for ${host}`);
    case "unknown":
      return say("unknown", `${name} is attached before ${host}; ${note ?? "whether it blocks is not known"}`);
  }
}

function remediate(context: EvaluationContext, result: Result): Remediation {
  const { kind, namespace = "default", name } = result.object;
  const risk =
    "A firewall that blocks refuses requests that look like attacks: run it in detection for some days, look at what it would have blocked, and exempt what is right.";
  const ingress = context.inventory
    .list("ingresses")
    .find((one) => one.metadata.name === name && namespaceOf(one) === namespace);
  const className =
    ingress?.spec.ingressClassName ?? ingress?.metadata.annotations?.["kubernetes.io/ingress.class"] ?? "";
  if (kind !== "Ingress" || !(className === "" || /nginx/.test(className))) {
    return {
      summary: `Put a web application firewall that blocks before ${kind} ${name}, and import its record with the place of its events.`,
      risk,
    };
  }
  return {
    summary: `Switch ModSecurity with the core rule set on for Ingress ${name} of ingress-nginx and let it block. The controller has to allow snippet annotations; else set enable-modsecurity, enable-owasp-modsecurity-crs and modsecurity-snippet in its ConfigMap for all. For a firewall outside the cluster, import its record.`,
    manifest: renderPatch({
      metadata: {
        annotations: {
          "nginx.ingress.kubernetes.io/enable-modsecurity": "true",
          "nginx.ingress.kubernetes.io/enable-owasp-core-rules": "true",
          "nginx.ingress.kubernetes.io/modsecurity-snippet":
            "SecRuleEngine On\nSecAuditEngine RelevantOnly\nSecAuditLog /dev/stdout\n",
        },
      },
    }),
    apply: `kubectl -n ${shellQuote(namespace)} patch ingress ${shellQuote(name)} --type merge --patch-file patch.yaml`,
    risk,
  };
}
