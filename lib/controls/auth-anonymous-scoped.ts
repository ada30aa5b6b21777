/**
 * auth-anonymous-scoped: anonymous requests to the API server are off or limited to health endpoints.
 *
 * Reads: --anonymous-auth of every API server, the `anonymous` section of imported AuthenticationConfiguration files, and what
 *   requests without credentials were answered (probe).
 * Pass: on every API server anonymous is off or limited to /livez, /readyz and /healthz, and no probe says otherwise; where flags
 *   aren't visible, every probe of /api was answered 401.
 * Fail: anonymous is on (the default): medium when RBAC gives anonymous users and catch-all groups only Kubernetes' defaults,
 *   critical when it gives more, high when RBAC wasn't read. Or a probe was let in: 403 means that the request was taken as
 *   system:anonymous, 401 means that anonymous is off.
 * Unknown: flags aren't visible and nobody probed; or a file named by --authentication-config decides and isn't imported.
 * Not applicable: a cluster without CDE namespace.
 * Anonymous with path conditions is stable in recent versions only; load balancers use the health paths, kubeadm join cluster-info.
 */
import { componentFlags, type ComponentInstance, parseBooleanFlag } from "@/lib/inventory/flags";
import { grantsOf } from "@/lib/rbac/grants";
import { publicProblems } from "@/lib/rbac/public-bindings";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import {
  CLUSTER_REF,
  type Control,
  type EvaluationContext,
  type EvidencePointer,
  type Result,
  type Severity,
} from "./types";
import { shortReason } from "./short-reason";

const HEALTH_PATHS = ["/livez", "/readyz", "/healthz"];

export const authAnonymousScoped: Control = {
  id: "auth-anonymous-scoped",
  title: "Anonymous requests to the API server are off or limited to health endpoints",
  severity: "high",
  requirements: [
    {
      requirement: "8.3.1",
      kind: "primary",
      rationale: "An anonymous request is access without any authentication factor.",
    },
    {
      requirement: "7.3.3",
      kind: "primary",
      rationale: "Access is denied by default only if requests without an identity are turned away.",
    },
    {
      requirement: "2.2.2",
      kind: "supporting",
      rationale: "The anonymous user is an account that every API server ships with.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads:
      "The flag --anonymous-auth of every API server, imported AuthenticationConfiguration, and answers to requests without credentials.",
    pass: "Anonymous is off or limited to the health paths on every API server; or, where flags are not visible, /api answers 401.",
    fail: "Anonymous is on (the default), or a request without credentials was let in; graded by what RBAC gives anonymous users.",
    unknown: "Flags are not visible and nobody probed, or the deciding file is not imported.",
    notApplicable: "No CDE namespace in this cluster.",
    why: "Whatever RBAC gives by mistake to anonymous users is open to everybody who reaches the API server; without anonymous there is nothing to give.",
    cannotSee: "What a proxy or load balancer in front of the API server does with requests.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: `S=$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'); for p in /healthz /version /api; do curl -sk -o /dev/null -w "$p %{http_code}\\n" "$S$p"; done`,
    expect:
      "401 everywhere but on health paths. 403 or 200 on /api means that the request was taken as system:anonymous. No credentials are sent.",
    needs: ["curl"],
  }),
  remediate: () => ({
    summary:
      "Limit anonymous requests to the health paths with this AuthenticationConfiguration and the flag --authentication-config on every API server (take --anonymous-auth away, it can't be combined), or set --anonymous-auth=false where nothing needs the health paths without credentials. Keep the jwt section of an existing file.",
    manifest: renderManifest({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      anonymous: { enabled: true, conditions: HEALTH_PATHS.map((path) => ({ path })) },
    }),
    apply:
      "install -m 0600 authentication.yaml /etc/kubernetes/authn/config.yaml  # on each control-plane node, then set --authentication-config and restart the API server",
    risk: "kubeadm join with a token and tools that read /version without credentials stop working. Health checks of load balancers need their paths in the list.",
  }),
};

type Anonymous = "off" | "health-only" | "on" | "unknown";

function judge(context: EvaluationContext): Result {
  const { inventory } = context;
  const probes = inventory.facts.anonymousProbes ?? [];
  const letIn = probes.flatMap(({ server, answers }) =>
    answers
      .filter(({ path, status }) => !HEALTH_PATHS.includes(path) && (status === 403 || (status >= 200 && status < 300)))
      .map(({ path, status }) => `${server}${path} ${status}`),
  );
  const turnedAway = probes.filter(({ answers }) =>
    answers.some(({ path, status }) => path === "/api" && status === 401),
  );
  const probed: EvidencePointer[] = probes.map(({ server, answers }) => ({
    ref: CLUSTER_REF,
    pointer: "/facts/anonymousProbes",
    found: `${server}: ${answers.map(({ path, status }) => `${path} ${status}`).join(", ")}`,
  }));
  const answer = (
    status: Result["status"],
    reason: string,
    detail: string,
    evidence: EvidencePointer[],
    severity?: Severity,
  ): Result => ({
    ...clusterResult(status, shortReason(reason), detail),
    ...(severity === undefined ? {} : { severity }),
    evidence: [...evidence, ...probed],
  });
  if (letIn.length > 0) {
    const { severity, text } = gradeOf(context);
    return answer(
      "fail",
      "a request without credentials was let in",
      `Requests without credentials were taken as system:anonymous: ${nameSome(letIn)}. ${text}`,
      [],
      severity,
    );
  }
  const flags = componentFlags(inventory, "kube-apiserver");
  if (!flags.visible) {
    return turnedAway.length > 0 && turnedAway.length === probes.length
      ? answer(
          "pass",
          "/api answers 401 without credentials",
          `Flags aren't visible (${flags.reason}). Requests without credentials to ${nameSome(turnedAway.map(({ server }) => server))} were answered 401.`,
          [],
        )
      : answer(
          "unknown",
          turnedAway.length > 0
            ? "flags are not visible and not every API server answered 401"
            : "flags are not visible and nobody probed",
          `${flags.reason}. It becomes known by a request without credentials to /api: 401 means off, 403 or 200 means on.`,
          [],
        );
  }
  const states = flags.instances.map((instance) => ({ instance, ...stateOf(context, instance) }));
  const evidence = states.flatMap((state) => state.evidence);
  const on = states.filter(({ state }) => state === "on");
  if (on.length > 0) {
    const { severity, text } = gradeOf(context);
    return answer(
      "fail",
      `anonymous requests are on at ${nameSome(
        on.map(({ instance }) => instance.ref.name),
        2,
      )}`,
      `${on.map(({ instance, why }) => `${instance.ref.name}: ${why}`).join("; ")}. ${text}`,
      evidence,
      severity,
    );
  }
  const unclear = states.filter(({ state }) => state === "unknown");
  if (unclear.length > 0) {
    return answer(
      "unknown",
      "the deciding file or value is not known",
      `${unclear.map(({ instance, why }) => `${instance.ref.name}: ${why}`).join("; ")}. It becomes known when the file is imported, or by a request without credentials.`,
      evidence,
    );
  }
  if (flags.hiddenNodes.length > 0) {
    return answer(
      "unknown",
      `no API server visible on ${nameSome(flags.hiddenNodes, 2)}`,
      `Control-plane nodes without a visible API server: ${nameSome(flags.hiddenNodes)}.`,
      evidence,
    );
  }
  const isOff = states.every(({ state }) => state === "off");
  return answer(
    "pass",
    isOff ? "anonymous requests are off" : "anonymous requests reach health paths only",
    `${states.map(({ instance, why }) => `${instance.ref.name}: ${why}`).join("; ")}.${turnedAway.length > 0 ? " A request without credentials to /api was answered 401." : ""}`,
    evidence,
  );
}

function stateOf(
  context: EvaluationContext,
  instance: ComponentInstance,
): { state: Anonymous; why: string; evidence: EvidencePointer[] } {
  const flag = instance.flags.get("anonymous-auth");
  const at = (pointer: string, found?: string): EvidencePointer[] => [
    { ref: instance.ref, pointer, ...(found === undefined ? {} : { found }) },
  ];
  if (flag !== undefined) {
    const value = parseBooleanFlag(flag.value);
    const evidence = at(flag.pointer, flag.value ?? "<redacted>");
    if (value === null) return { state: "unknown", why: "the value of --anonymous-auth isn't known", evidence };
    return value
      ? { state: "on", why: "--anonymous-auth is true", evidence }
      : { state: "off", why: "--anonymous-auth is false", evidence };
  }
  const file = instance.flags.get("authentication-config");
  if (file === undefined || file.value === "")
    return {
      state: "on",
      why: "--anonymous-auth is not set, and the default is true",
      evidence: at(`${instance.pointer}/command`),
    };
  const evidence = at(file.pointer, file.value ?? "<redacted>");
  const config = (context.inventory.facts.authenticationConfigs ?? []).find(
    (candidate) => candidate.instance === instance.nodeName || candidate.instance === instance.ref.name,
  );
  if (config === undefined)
    return { state: "unknown", why: "--authentication-config names a file that isn't imported", evidence };
  const { anonymous } = config;
  if (anonymous === null)
    return {
      state: "on",
      why: "the authentication configuration has no anonymous section, and the default is on",
      evidence,
    };
  if (!anonymous.enabled)
    return { state: "off", why: "the authentication configuration switches anonymous off", evidence };
  const other = anonymous.paths.filter((path) => !HEALTH_PATHS.includes(path));
  if (anonymous.paths.length > 0 && other.length === 0)
    return { state: "health-only", why: `anonymous is limited to ${anonymous.paths.join(", ")}`, evidence };
  return {
    state: "on",
    why: other.length > 0 ? `anonymous is allowed on ${other.join(", ")}` : "anonymous is allowed on every path",
    evidence,
  };
}

/** What anonymous requests could do: only Kubernetes' defaults (medium), more (critical), or not known (high). */
function gradeOf(context: EvaluationContext): { severity: Severity; text: string } {
  const readable = context.inventory.readable("clusterroles", "clusterrolebindings", "rolebindings", "roles");
  if (!readable.known) return { severity: "high", text: `What RBAC gives them isn't known: ${readable.message}.` };
  const wide = grantsOf(context.inventory).filter((grant) => publicProblems(grant).length > 0);
  return wide.length === 0
    ? { severity: "medium", text: "RBAC gives anonymous users and catch-all groups only Kubernetes' defaults." }
    : {
        severity: "critical",
        text: `RBAC gives anonymous users or catch-all groups more than Kubernetes' defaults: ${nameSome(wide.map((grant) => `${grant.binding.kind} ${grant.binding.metadata.name}`))}.`,
      };
}
