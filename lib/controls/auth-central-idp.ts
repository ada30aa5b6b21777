/**
 * auth-central-idp: people authenticate through a central identity provider.
 *
 * Reads: the API servers' flags for OIDC, structured authentication and token webhooks; imported AuthenticationConfiguration
 *   files; the provider's record; OpenShift's OAuth; and how people signed in, as 30 days of audit events show.
 * Pass: one of these is configured on every API server, and the audit events show that all people came through it.
 * Fail: nothing of the kind is configured, so that people are left with certificates and tokens; or the audit events show people
 *   who came another way.
 * Unknown: the control plane isn't visible and there is no record; or it is configured and no audit events of 30 days are
 *   imported, so that nobody knows whether people use it.
 * Not applicable: a cluster without CDE namespace; the audit events show that no person signs in at all.
 * Traps: --authentication-config names a file, and an imported file without a JWT issuer is no identity provider; a webhook's
 *   identity source isn't visible; OIDC whose groups no binding names is unused, and is noted; so is the claim e-mail, which can change.
 */
import { componentFlags, type ComponentInstance } from "@/lib/inventory/flags";
import { refOf } from "@/lib/inventory/inventory";
import { renderManifest } from "./manifest";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { daysBetween } from "./support-calendar";
import { FLAGS, script } from "./prelude";
import { CLUSTER_REF, type Control, type EvaluationContext, type EvidencePointer, type Result } from "./types";
import { shortReason } from "./short-reason";

const PROVIDER_FLAGS = [
  "oidc-issuer-url",
  "authentication-config",
  "authentication-token-webhook-config-file",
] as const;
const PERIOD_DAYS = 30;

export const authCentralIdp: Control = {
  id: "auth-central-idp",
  title: "People authenticate through a central identity provider",
  severity: "critical",
  requirements: [
    {
      requirement: "8.2.1",
      kind: "primary",
      rationale:
        "Unique identities for people come from the one place that manages them, and not from certificates made by hand.",
    },
    {
      requirement: "8.3.1",
      kind: "primary",
      rationale: "An identity provider verifies each person by an authentication factor before the cluster sees them.",
    },
    {
      requirement: "7.3.1",
      kind: "primary",
      rationale: "Access control covers the cluster only if its users come from the system that controls access.",
    },
    {
      requirement: "8.4.1",
      kind: "supporting",
      rationale: "Multi-factor authentication for administrators is enforced at the identity provider.",
    },
    {
      requirement: "8.2.4",
      kind: "supporting",
      rationale: "Adding, changing and removing users is managed at the identity provider.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads:
      "API server flags, imported AuthenticationConfiguration, the provider's record, OpenShift's OAuth, and sign-ins in audit events.",
    pass: "OIDC, structured authentication or the provider's IAM is configured on every API server, and in 30 days of audit events all people came through it.",
    fail: "Nothing of the kind is configured, or people came another way.",
    unknown:
      "The control plane is not visible and no record is imported, or no audit events of 30 days show how people sign in.",
    notApplicable: "No CDE namespace, or the audit events show that no person signs in.",
    why: "Configuration says that people can come through the provider; only the events show that they do.",
    cannotSee:
      "Whether several people share a role at the provider: that takes its session names. The caller's own kubeconfig is no evidence for the cluster.",
  },
  evaluate: (context) => judgeCluster(context, ["cde"], () => [judge(context)]),
  verify: () => ({
    command: script(
      FLAGS,
      `flags kube-apiserver | grep -E -- '--(${PROVIDER_FLAGS.join("|")})' || echo 'not visible or not set'`,
      "# EKS: aws eks list-access-entries --cluster-name NAME; aws eks list-identity-provider-configs --cluster-name NAME",
      "# GKE: Google IAM is always on; AKS: az aks show --name NAME --resource-group GROUP --query '{aad:aadProfile,local:disableLocalAccounts}'",
      "# OpenShift: kubectl get oauth cluster -o jsonpath='{.spec.identityProviders[*].name}'",
    ),
    expect:
      "One of the flags for every API server pod, or the provider's record; and in the audit log of 30 days only user names that the identity provider issues.",
    needs: [],
  }),
  remediate: () => ({
    summary:
      "Connect the API servers to the organization's identity provider with this AuthenticationConfiguration (flag --authentication-config on every API server, file mounted), bind RBAC to the groups that it issues, then stop giving out certificates and tokens to people.",
    manifest: renderManifest({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: { url: "https://ISSUER", audiences: ["kubernetes"] },
          claimMappings: {
            username: { claim: "sub", prefix: "idp:" },
            groups: { claim: "groups", prefix: "idp:" },
          },
          claimValidationRules: [
            { expression: "claims.exp - claims.iat <= 3600", message: "tokens live for one hour at most" },
          ],
        },
      ],
    }),
    apply:
      "install -m 0600 authentication.yaml /etc/kubernetes/authn/config.yaml  # on each control-plane node, then set --authentication-config and restart the API server",
    risk: "A wrong issuer or claim locks people out: keep the break-glass certificate until a person has signed in through the provider. Not together with the --oidc-* flags.",
  }),
};

interface Configured {
  text: string;
  evidence: EvidencePointer[];
}
type Configuration =
  | { state: "on"; by: Configured; notes: string[] }
  | { state: "off"; by: Configured }
  | { state: "unknown"; reason: string; detail: string; evidence: EvidencePointer[] };

function judge(context: EvaluationContext): Result {
  const configuration = configurationOf(context);
  const { signIns } = context.inventory.facts;
  const answer = (status: Result["status"], reason: string, detail: string, evidence: EvidencePointer[]): Result => ({
    ...clusterResult(status, shortReason(reason), detail),
    evidence,
  });
  const period = signIns === undefined ? 0 : daysBetween(signIns.from, signIns.to);
  const isFresh =
    signIns !== undefined && period >= PERIOD_DAYS && daysBetween(signIns.to, context.asOf) <= PERIOD_DAYS;
  const sample: EvidencePointer[] =
    signIns === undefined
      ? []
      : [
          {
            ref: CLUSTER_REF,
            pointer: "/facts/signIns",
            found: `${signIns.throughProvider} through the provider, ${signIns.otherwise.length} otherwise, ${signIns.from} to ${signIns.to}`,
          },
        ];
  const others = signIns?.otherwise ?? [];
  if (others.length > 0) {
    const names = nameSome(others.map(({ username, method }) => `${username} (${method})`));
    return answer(
      "fail",
      `${others.length} ${others.length === 1 ? "person" : "people"} signed in past the identity provider`,
      `Audit events from ${signIns?.from} to ${signIns?.to} show: ${names}.`,
      [...sample, ...evidenceOf(configuration)],
    );
  }
  const undetermined = signIns?.undetermined ?? [];
  if (isFresh && signIns.throughProvider === 0 && undetermined.length === 0) {
    return answer(
      "not-applicable",
      "no person signs in to this cluster",
      `Audit events from ${signIns.from} to ${signIns.to} show no human user at all. Source: ${signIns.origin.name}.`,
      sample,
    );
  }
  if (configuration.state === "unknown")
    return answer("unknown", configuration.reason, configuration.detail, [...configuration.evidence, ...sample]);
  if (configuration.state === "off") {
    return answer(
      "fail",
      "no identity provider is configured",
      `${configuration.by.text} People who use this cluster can only come with certificates or tokens.`,
      [...configuration.by.evidence, ...sample],
    );
  }
  const notes = configuration.notes.length === 0 ? "" : ` Note: ${configuration.notes.join(" ")}`;
  if (!isFresh) {
    const why =
      signIns === undefined
        ? "no audit events are imported"
        : `the imported audit events cover ${period} days up to ${signIns.to}`;
    return answer(
      "unknown",
      "configured; whether people use it is not known",
      `${configuration.by.text} Whether all people come through it isn't known: ${why}. It becomes known with ${PERIOD_DAYS} days of audit events.${notes}`,
      [...configuration.by.evidence, ...sample],
    );
  }
  if (undetermined.length > 0) {
    return answer(
      "unknown",
      `how ${undetermined.length} ${undetermined.length === 1 ? "person" : "people"} signed in is not recorded`,
      `${configuration.by.text} Audit events from ${signIns.from} to ${signIns.to} don't show how ${nameSome(undetermined)} came: API servers record the kind of credential since Kubernetes 1.32. It becomes known with the sign-in log of the identity provider.${notes}`,
      [...configuration.by.evidence, ...sample],
    );
  }
  return answer(
    "pass",
    `all ${signIns.throughProvider} people came through the identity provider`,
    `${configuration.by.text} Audit events from ${signIns.from} to ${signIns.to} show ${signIns.throughProvider} people, all through it. Source: ${signIns.origin.name}.${notes}`,
    [...configuration.by.evidence, ...sample],
  );
}

function evidenceOf(configuration: Configuration): EvidencePointer[] {
  return configuration.state === "unknown" ? configuration.evidence : configuration.by.evidence;
}

function configurationOf(context: EvaluationContext): Configuration {
  const { inventory } = context;
  const flags = componentFlags(inventory, "kube-apiserver");
  if (flags.visible) return fromFlags(context, flags.instances, flags.hiddenNodes);
  const record = inventory.facts.authenticationRecord;
  if (record !== undefined) {
    const by = {
      text: `The provider's record says that ${record.service} ${record.isOn ? "authenticates users" : "is off"} (${record.origin.name}, read ${record.origin.collectedAt}).`,
      evidence: [
        {
          ref: CLUSTER_REF,
          pointer: "/facts/authenticationRecord",
          found: `${record.service}: ${record.isOn ? "on" : "off"}`,
        },
      ],
    };
    const notes = record.bypasses.length === 0 ? [] : [`still open beside it: ${record.bypasses.join(", ")}.`];
    return record.isOn ? { state: "on", by, notes } : { state: "off", by };
  }
  if (inventory.provider === "openshift") return fromOpenShift(context);
  return {
    state: "unknown",
    reason: "API server flags are not visible",
    detail: `${flags.reason}. It becomes known when the provider's record of authentication is imported.`,
    evidence: [],
  };
}

function fromFlags(
  context: EvaluationContext,
  instances: readonly ComponentInstance[],
  hiddenNodes: readonly string[],
): Configuration {
  const configs = context.inventory.facts.authenticationConfigs ?? [];
  const evidence: EvidencePointer[] = [];
  const without: string[] = [];
  const unclear: string[] = [];
  const kinds = new Set<string>();
  for (const instance of instances) {
    const set = PROVIDER_FLAGS.filter((name) => {
      const value = instance.flags.get(name)?.value;
      return value !== undefined && value !== "";
    });
    for (const name of set) {
      const setting = instance.flags.get(name);
      evidence.push({
        ref: instance.ref,
        pointer: setting?.pointer ?? instance.pointer,
        found: setting?.value ?? "<redacted>",
      });
    }
    const config = configs.find(
      (candidate) => candidate.instance === instance.nodeName || candidate.instance === instance.ref.name,
    );
    // A file that was imported says itself whether it names an issuer; the other two flags are the provider's address.
    const isOnlyFile = set.length === 1 && set[0] === "authentication-config";
    if (set.length === 0 || (isOnlyFile && config?.issuers.length === 0)) {
      without.push(instance.ref.name);
      if (set.length === 0) evidence.push({ ref: instance.ref, pointer: `${instance.pointer}/command` });
    } else if (isOnlyFile && config === undefined) {
      unclear.push(instance.ref.name);
    } else {
      for (const name of set) kinds.add(`--${name}`);
    }
  }
  const total = instances.length === 1 ? "The API server" : `All ${instances.length} API servers`;
  if (without.length > 0) {
    return {
      state: "off",
      by: {
        text: `${nameSome(without)} ${without.length === 1 ? "has" : "have"} none of ${PROVIDER_FLAGS.map((name) => `--${name}`).join(", ")} with an issuer.`,
        evidence,
      },
    };
  }
  if (unclear.length > 0) {
    return {
      state: "unknown",
      reason: "the authentication configuration's content is not known",
      detail: `${nameSome(unclear)} ${unclear.length === 1 ? "names" : "name"} a file with --authentication-config. Whether it holds an issuer isn't known until the file is imported by the node collector or an upload.`,
      evidence,
    };
  }
  if (hiddenNodes.length > 0) {
    return {
      state: "unknown",
      reason: `no API server visible on ${nameSome(hiddenNodes, 2)}`,
      detail: `Control-plane nodes without a visible API server: ${nameSome(hiddenNodes)}.`,
      evidence,
    };
  }
  return {
    state: "on",
    by: { text: `${total} ${instances.length === 1 ? "has" : "have"} ${[...kinds].join(" and ")}.`, evidence },
    notes: notesOf(context, instances),
  };
}

function notesOf(context: EvaluationContext, instances: readonly ComponentInstance[]): string[] {
  const notes: string[] = [];
  if (instances.some((instance) => instance.flags.get("oidc-username-claim")?.value === "email")) {
    notes.push("user names are the claim email, which can change hands; sub can't.");
  }
  const prefix = instances
    .map((instance) => instance.flags.get("oidc-groups-prefix")?.value)
    .find((value) => value !== undefined && value !== null);
  if (
    prefix !== undefined &&
    prefix !== null &&
    prefix !== "" &&
    context.inventory.readable("clusterrolebindings", "rolebindings").known
  ) {
    const bindings = [...context.inventory.list("clusterrolebindings"), ...context.inventory.list("rolebindings")];
    const isUsed = bindings.some((binding) =>
      (binding.subjects ?? []).some((subject) => subject.kind === "Group" && subject.name.startsWith(prefix)),
    );
    if (!isUsed) notes.push(`no binding names a group with the prefix ${prefix}, so the provider's groups are unused.`);
  }
  return notes;
}

function fromOpenShift(context: EvaluationContext): Configuration {
  const { inventory } = context;
  const readable = inventory.readable("openshift-oauths");
  const object = inventory.list("openshift-oauths").find((candidate) => candidate.metadata.name === "cluster");
  if (!readable.known || object === undefined) {
    return {
      state: "unknown",
      reason: "OpenShift's OAuth object was not read",
      detail: `${readable.known ? "The snapshot holds no OAuth cluster" : readable.message}.`,
      evidence: [],
    };
  }
  const providers = (Array.isArray(object.spec?.identityProviders) ? object.spec.identityProviders : []) as {
    name?: string;
    type?: string;
  }[];
  // HTPasswd is a password file in the cluster: no central provider.
  const central = providers.filter((provider) => provider.type !== "HTPasswd");
  const evidence = [
    {
      ref: refOf(object),
      pointer: "/spec/identityProviders",
      found: providers.map((p) => `${p.name} (${p.type})`).join(", ") || "none",
    },
  ];
  return central.length === 0
    ? {
        state: "off",
        by: {
          text:
            providers.length === 0
              ? "OAuth cluster names no identity provider."
              : "OAuth cluster names only HTPasswd, a password file in the cluster.",
          evidence,
        },
      }
    : {
        state: "on",
        by: { text: `OAuth cluster names ${nameSome(central.map((p) => `${p.name} (${p.type})`))}.`, evidence },
        notes: central.length < providers.length ? ["HTPasswd is still configured beside it."] : [],
      };
}
