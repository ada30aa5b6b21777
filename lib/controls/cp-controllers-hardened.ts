/**
 * cp-controllers-hardened: Controller manager, scheduler and token settings are hardened.
 *
 * Reads: the flags of every controller manager, scheduler and API server; one result for each component.
 * Pass: the controller manager uses a service account for each controller, has the key and the root authority, and rotates the
 *   kubelets' serving certificates; it and the scheduler listen on the loopback; profiling is off on all three; the API server looks
 *   tokens up and knows the key that signs them.
 * Fail: --service-account-lookup=false: high. An address beyond the loopback (also by default), no service accounts for controllers,
 *   a missing file: medium. Profiling on (also by default): low.
 * Unknown: the control plane isn't visible and no valid entry of the responsibility matrix covers it; a value isn't known; the
 *   scheduler's profiling where --config names a file, which then decides; a control-plane node shows no instance.
 * Not applicable: no CDE namespace; a provider that answers for it by the responsibility matrix.
 * Metrics are often scraped from the node's address: that needs an approved exception with a firewall; the result stays a fail.
 */
import { type Component, type ComponentInstance, parseBooleanFlag } from "@/lib/inventory/flags";
import {
  type FlagJudgement,
  type FlagProblem,
  flagEvidence,
  flagList,
  flagValue,
  judgeComponent,
  KUBEADM_RISK,
  kubeadmPatch,
} from "./control-plane";
import { renderManifest } from "./manifest";
import { judgeCluster } from "./population";
import { FLAGS, script } from "./prelude";
import type { Control, Severity } from "./types";

const ID = "cp-controllers-hardened";
const LOOPBACK = ["127.0.0.1", "::1", "localhost"];

export const cpControllersHardened: Control = {
  id: ID,
  title: "Controller manager, scheduler and token settings are hardened",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.4",
      kind: "primary",
      rationale:
        "Profiling and open metrics addresses are functions of the control plane that are not needed to run it.",
    },
    {
      requirement: "2.2.6",
      kind: "primary",
      rationale: "These flags are the security parameters of the components that decide what runs.",
    },
    {
      requirement: "7.2.5",
      kind: "primary",
      rationale: "With an account for each controller, none holds the rights of all of them.",
    },
    {
      requirement: "8.6.3",
      kind: "supporting",
      rationale: "A token whose account was deleted stops working only if the API server looks it up.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "The flags of every controller manager, scheduler and API server.",
    pass: "Accounts for controllers, loopback addresses, profiling off, tokens looked up, keys and authorities set.",
    fail: "Tokens not looked up (high); open address, no accounts for controllers, missing file (medium); profiling (low).",
    unknown: "The flags are not visible, a value is not known, or a control-plane node shows no instance.",
    notApplicable: "No CDE namespace, or the provider answers for it by the responsibility matrix.",
    why: "The controllers hold the keys of the cluster; what they offer beyond their task is a way in.",
    cannotSee: "Firewalls in front of an open address, and settings in the scheduler's configuration file.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => {
      const of = (component: Component, judge: (instance: ComponentInstance) => FlagJudgement, passes: string) =>
        judgeComponent(context, { id: ID, severity: "medium" }, component, judge, { part: component, passes });
      return [
        of("kube-controller-manager", judgeManager, "accounts for controllers, loopback only, no profiling"),
        of("kube-scheduler", judgeScheduler, "loopback only, no profiling"),
        of("kube-apiserver", judgeServer, "tokens are looked up, no profiling"),
      ];
    }),
  verify: () => ({
    command: script(
      FLAGS,
      "for c in kube-controller-manager kube-scheduler kube-apiserver; do flags $c | grep -E -- '--(profiling|bind-address|use-service-account-credentials|service-account-(lookup|key-file|private-key-file)|root-ca-file|feature-gates|config)' || echo \"$c: nothing set or not visible\"; done",
    ),
    expect:
      "profiling=false for all three, bind-address=127.0.0.1 and use-service-account-credentials=true for the controller manager, bind-address=127.0.0.1 for the scheduler, no service-account-lookup=false, the key and authority files named.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Set the flags through kubeadm. Seen: ${result.detail}`,
    manifest: renderManifest(
      kubeadmPatch({
        apiServer: { profiling: "false", "service-account-lookup": "true" },
        controllerManager: {
          "bind-address": "127.0.0.1",
          profiling: "false",
          "use-service-account-credentials": "true",
        },
        scheduler: { "bind-address": "127.0.0.1", profiling: "false" },
      }),
    ),
    apply:
      "kubeadm init phase control-plane all --config kubeadm.yaml  # on each control-plane node, with the rest of your ClusterConfiguration",
    risk: `Metrics of controller manager and scheduler can then be scraped only on the node itself. ${KUBEADM_RISK}`,
  }),
};

class Findings {
  readonly problems: FlagProblem[] = [];
  constructor(private readonly instance: ComponentInstance) {}

  add(status: FlagProblem["status"], flag: string, words: string, severity: Severity = "medium"): void {
    this.problems.push({ status, words, severity, evidence: flagEvidence(this.instance, flag) });
  }
  /** A boolean flag that has to be `wanted`; `byDefault` is what it is when it isn't set. */
  wants(flag: string, wanted: boolean, byDefault: boolean, severity: Severity): void {
    const value = flagValue(this.instance, flag);
    if (value === undefined) {
      if (byDefault !== wanted) this.add("fail", flag, `--${flag} is ${byDefault} by default`, severity);
      return;
    }
    const found = parseBooleanFlag(value);
    if (found === null) this.add("unknown", flag, `the value of --${flag} isn't known`);
    else if (found !== wanted) this.add("fail", flag, `--${flag} is ${found}`, severity);
  }
  file(flag: string): void {
    if (flagValue(this.instance, flag) === undefined) this.add("fail", flag, `--${flag} is not set`);
  }
  loopback(): void {
    const address = flagValue(this.instance, "bind-address");
    if (address === undefined) this.add("fail", "bind-address", "--bind-address is 0.0.0.0 by default");
    else if (address === null) this.add("unknown", "bind-address", "the value of --bind-address isn't known");
    else if (!LOOPBACK.includes(address)) this.add("fail", "bind-address", `--bind-address is ${address}`);
  }
  judgement(...cited: string[]): FlagJudgement {
    const { instance, problems } = this;
    const evidence = cited.filter((flag) => instance.flags.has(flag)).map((flag) => flagEvidence(instance, flag));
    return { problems, evidence };
  }
}

function judgeManager(instance: ComponentInstance): FlagJudgement {
  const found = new Findings(instance);
  found.wants("use-service-account-credentials", true, false, "medium");
  found.file("service-account-private-key-file");
  found.file("root-ca-file");
  found.loopback();
  found.wants("profiling", false, true, "low");
  const gates = flagList(instance, "feature-gates") ?? [];
  if (gates.some((gate) => /^RotateKubeletServerCertificate=(?:false|f|0)$/i.test(gate))) {
    found.add("fail", "feature-gates", "RotateKubeletServerCertificate is switched off");
  }
  return found.judgement("use-service-account-credentials", "bind-address", "profiling", "root-ca-file");
}

function judgeScheduler(instance: ComponentInstance): FlagJudgement {
  const found = new Findings(instance);
  found.loopback();
  // With a configuration file the flag is ignored and enableProfiling of the file decides.
  if (flagValue(instance, "config") !== undefined) {
    found.add("unknown", "config", "--config names a file, which decides about profiling");
  } else found.wants("profiling", false, true, "low");
  return found.judgement("bind-address", "profiling");
}

function judgeServer(instance: ComponentInstance): FlagJudgement {
  const found = new Findings(instance);
  found.wants("service-account-lookup", true, true, "high");
  found.file("service-account-key-file");
  found.wants("profiling", false, true, "low");
  return found.judgement("service-account-lookup", "service-account-key-file", "profiling");
}
