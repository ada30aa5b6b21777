/**
 * cp-flags-consistent: All control-plane instances run the same security settings.
 *
 * Reads: every flag (and ETCD_ variable) of every visible API server, controller manager, scheduler and etcd.
 * Pass: the instances of a component have the same flags, but for those that name the host and those without weight for security.
 * Fail: any other difference; the values are named.
 * Unknown: the control plane isn't visible and no valid entry of the responsibility matrix covers it; a value isn't known on one
 *   instance; a control-plane node shows no instance.
 * Not applicable: no CDE namespace; one instance of every component; a provider that answers for it by the responsibility matrix.
 * Told apart by the host: advertised addresses, names and member lists of etcd, the node's own name and addresses wherever they
 * stand. Of a list of addresses to listen on the schemes are compared. Image versions may differ while an upgrade runs.
 */
import { type Component, type ComponentInstance, componentFlags } from "@/lib/inventory/flags";
import type { Inventory } from "@/lib/inventory/inventory";
import { clusterResult, judgeCluster, nameSome } from "./population";
import { FLAGS, script } from "./prelude";
import { providerAnswer } from "./provider-profiles";
import { shortReason } from "./short-reason";
import type { Control, EvaluationContext, Result } from "./types";

const ID = "cp-flags-consistent";
const COMPONENTS: readonly Component[] = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"];
/** Flags that name the host or a member. */
const OF_THE_HOST = new Set([
  "advertise-address",
  "advertise-client-urls",
  "apiserver-count",
  "data-dir",
  "etcd-servers",
  "hostname-override",
  "initial-advertise-peer-urls",
  "initial-cluster",
  "initial-cluster-state",
  "name",
  "node-name",
]);
/** Flags that change speed or talkativeness and nothing else. */
const WITHOUT_WEIGHT =
  /^(?:v|vmodule|log-.*|logging-.*|alsologtostderr|logtostderr|stderrthreshold|concurrent-.*|kube-api-(?:qps|burst)|max-(?:mutating-)?requests-inflight|goaway-chance|event-ttl|heartbeat-interval|election-timeout|snapshot-count|quota-backend-bytes|auto-compaction-.*)$/;

export const cpFlagsConsistent: Control = {
  id: ID,
  title: "All control-plane instances run the same security settings",
  severity: "medium",
  requirements: [
    {
      requirement: "2.2.1",
      kind: "primary",
      rationale: "A configuration standard is applied only if every instance has it, not just the first.",
    },
    {
      requirement: "11.5.2",
      kind: "supporting",
      rationale: "An instance that differs from its siblings shows a change that was made by hand.",
    },
    {
      requirement: "1.2.8",
      kind: "supporting",
      rationale: "Settings of the control plane are kept the same on every node that runs it.",
    },
  ],
  judges: "cluster",
  sections: ["pods"],
  rule: {
    reads: "Every flag of every visible instance of the control plane's components.",
    pass: "The instances of a component have the same flags, but for those that name the host or have no weight for security.",
    fail: "The instances differ in any other flag.",
    unknown: "The flags are not visible, a value is not known, or a control-plane node shows no instance.",
    notApplicable: "One instance of every component, no CDE namespace, or the provider answers for it.",
    why: "Requests reach any of the API servers; the weakest one is the one that counts.",
    cannotSee: "Differences in the files that the flags name.",
  },
  evaluate: (context) =>
    judgeCluster(context, ["cde"], () => {
      const results = COMPONENTS.flatMap((component) => judgeComponents(context, component));
      if (results.length > 0) return results;
      const visible = COMPONENTS.map((component) => componentFlags(context.inventory, component));
      const hidden = visible.find((flags) => !flags.visible);
      if (hidden !== undefined && !hidden.visible && visible.every((flags) => !flags.visible)) {
        return [providerAnswer(context, ID, hidden.reason, "when the command lines on each host are imported")];
      }
      return [
        clusterResult(
          "not-applicable",
          "one instance of every component",
          "The control plane has one instance of every component, so there is nothing that could differ.",
        ),
      ];
    }),
  verify: () => ({
    command: script(
      FLAGS,
      `for c in kube-apiserver kube-controller-manager kube-scheduler; do flags $c | sed -E 's/--(advertise-address|etcd-servers)=.*/--\\1=*/' | awk -F'\\t' '{a[$1]=a[$1] $2 " "} END{for(n in a) print a[n]}' | sort | uniq -c; done`,
    ),
    expect: "One line for each component; more than one is a difference.",
    needs: [],
  }),
  remediate: (_, result) => ({
    summary: `Bring every instance to the same flags, those of the hardened one: apply the same kubeadm patch on every control-plane node, one after the other. ${result.detail}`,
    risk: "The components restart; wait until each answers /livez before the next one.",
  }),
};

function judgeComponents(context: EvaluationContext, component: Component): Result[] {
  const flags = componentFlags(context.inventory, component);
  if (!flags.visible) return [];
  const { instances, hiddenNodes } = flags;
  if (instances.length + hiddenNodes.length < 2) return [];
  const normalised = instances.map((instance) => ({ instance, settings: normalise(context.inventory, instance) }));
  const names = [...new Set(normalised.flatMap(({ settings }) => [...settings.keys()]))].sort();
  const differing: string[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const values = normalised.map(({ settings }) => settings.get(name));
    if (values.some((value) => value === null)) unknown.push(name);
    if (new Set(values.filter((value) => value !== null)).size > 1) differing.push(name);
  }
  const of = (name: string): string =>
    `--${name} is ${normalised.map(({ instance, settings }) => `${settings.get(name) ?? (settings.has(name) ? "not known" : "not set")} on ${instance.ref.name}`).join(", ")}`;
  const evidence = (named: readonly string[]) =>
    named.slice(0, 10).flatMap((name) =>
      normalised.map(({ instance }) => {
        const setting = instance.flags.get(name);
        return setting === undefined
          ? { ref: instance.ref, pointer: instance.pointer }
          : { ref: instance.ref, pointer: setting.pointer, found: setting.value ?? "<redacted>" };
      }),
    );
  const answer = (status: Result["status"], reason: string, detail: string, cited: readonly string[]): Result[] => [
    { ...clusterResult(status, shortReason(reason), detail), part: component, evidence: evidence(cited) },
  ];
  if (differing.length > 0) {
    const detail = `${instances.length} instances of ${component} differ: ${differing.map(of).join("; ")}.`;
    return answer(
      "fail",
      `${component} differs in ${nameSome(
        differing.map((name) => `--${name}`),
        2,
      )}`,
      detail,
      differing,
    );
  }
  if (hiddenNodes.length > 0) {
    const where = nameSome(hiddenNodes, 2);
    return answer(
      "unknown",
      `no ${component} visible on ${where}`,
      `What ${component} runs with on ${nameSome(hiddenNodes)} is not visible, so it can't be compared.`,
      [],
    );
  }
  if (unknown.length > 0) {
    const detail = `Values that are redacted can't be compared: ${nameSome(unknown.map((name) => `--${name}`))}.`;
    return answer("unknown", `${component}: ${unknown.length} values can't be compared`, detail, unknown);
  }
  const detail = `${nameSome(instances.map(({ ref }) => ref.name))} have the same ${names.length} settings.`;
  return answer("pass", `${instances.length} instances of ${component} have the same flags`, detail, names.slice(0, 1));
}

/** Flags that are compared, with what is the host's own taken out; null for a value that isn't known. */
function normalise(inventory: Inventory, instance: ComponentInstance): Map<string, string | null> {
  const node = inventory.nodes.find(({ metadata }) => metadata.name === instance.nodeName);
  const own = [instance.nodeName ?? "", ...(node?.status?.addresses ?? []).map(({ address }) => address)]
    .filter((text) => text.length > 2)
    .sort((a, b) => b.length - a.length);
  const settings = new Map<string, string | null>();
  for (const [name, { value, values }] of instance.flags) {
    if (OF_THE_HOST.has(name) || WITHOUT_WEIGHT.test(name)) continue;
    if (value === null) settings.set(name, null);
    else if (/^listen-.*-urls$/.test(name)) settings.set(name, schemesOf(value));
    else
      settings.set(
        name,
        own.reduce((text, host) => text.replaceAll(host, "HOST"), values.join(",")),
      );
  }
  return settings;
}

function schemesOf(urls: string): string {
  const schemes = urls.split(",").map((url) => url.slice(0, Math.max(0, url.indexOf(":"))));
  return [...new Set(schemes)].sort().join(",");
}
