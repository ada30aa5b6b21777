import { describe, expect, it } from "vitest";
import { deployment, inventoryOf, minimalPod, node, staticPod } from "@/lib/fixtures/builders";
import { type ComponentFlags, componentFlags, isConfiguredByUnknownFile, parseBooleanFlag } from "./flags";

const api = (...command: string[]) => staticPod("kube-apiserver", ["kube-apiserver", ...command]);

function valueOf(flags: ComponentFlags, name: string, instance = 0): string | null | undefined {
  if (!flags.visible) throw new Error(flags.reason);
  return flags.instances[instance]?.flags.get(name)?.value;
}

describe("flags of the control plane", () => {
  it.each([
    [["--anonymous-auth=false"], "false"],
    [["--anonymous-auth", "false"], "false"],
    [["--anonymous-auth"], "true"],
    [["--anonymous-auth", "--profiling=false"], "true"],
    [["--anonymous_auth=false"], "false"],
    [["--anonymous-auth=true", "--anonymous-auth=false"], "false"],
    [["--anonymous-auth=false", "--anonymous-auth=true"], "true"],
  ])("reads %j as %s", (command, value) => {
    expect(valueOf(componentFlags(inventoryOf([api(...command)]), "kube-apiserver"), "anonymous-auth")).toBe(value);
  });

  it("doesn't take a flag whose name begins alike for it", () => {
    const flags = componentFlags(inventoryOf([api("--anonymous-auth-x=false")]), "kube-apiserver");
    expect(valueOf(flags, "anonymous-auth")).toBeUndefined();
  });

  it("reads args after the command, and a path to the program", () => {
    const pod = staticPod("kube-apiserver", [], "cp", {
      spec: {
        nodeName: "cp",
        containers: [
          {
            name: "kube-apiserver",
            command: ["/usr/local/bin/kube-apiserver", "--anonymous-auth=true"],
            args: ["--anonymous-auth=false"],
          },
        ],
      },
    });
    const flags = componentFlags(inventoryOf([pod]), "kube-apiserver");
    expect(valueOf(flags, "anonymous-auth")).toBe("false");
    expect(flags.visible && flags.instances[0]?.flags.get("anonymous-auth")?.pointer).toBe("/spec/containers/0/args/0");
  });

  it("keeps every instance apart and names control-plane nodes that show none", () => {
    const label = { "node-role.kubernetes.io/control-plane": "" };
    const flags = componentFlags(
      inventoryOf([
        staticPod("kube-apiserver", ["kube-apiserver", "--anonymous-auth=false"], "cp-1"),
        staticPod("kube-apiserver", ["kube-apiserver"], "cp-2"),
        node("cp-1", label),
        node("cp-2", label),
        node("cp-3", label),
        node("worker"),
      ]),
      "kube-apiserver",
    );
    expect(valueOf(flags, "anonymous-auth", 0)).toBe("false");
    expect(valueOf(flags, "anonymous-auth", 1)).toBeUndefined();
    expect(flags.visible && flags.hiddenNodes).toEqual(["cp-3"]);
  });

  it("says that there may be more where nodes could not be listed, but not of files", () => {
    const of = (options: object) => {
      const flags = componentFlags(inventoryOf([api()], options), "kube-apiserver");
      return flags.visible && flags.hiddenNodes;
    };
    expect(of({ sections: { nodes: { status: "forbidden" } } })).toEqual(["nodes that could not be listed"]);
    expect(of({ sections: { nodes: { status: "not-collected" } }, source: "manifests" })).toEqual([]);
  });

  it("names an instance that was not valid, so that nobody takes the others for all", () => {
    const broken = staticPod("kube-apiserver", ["kube-apiserver"], "cp-2", { spec: { containers: "none" } });
    const flags = componentFlags(inventoryOf([api("--anonymous-auth=false"), broken]), "kube-apiserver");
    expect(flags.visible && flags.hiddenNodes).toEqual(["kube-apiserver-cp-2"]);
  });

  it.each(["eks", "gke", "aks", "openshift"] as const)("knows nothing on %s, whatever a pod is called", (provider) => {
    expect(componentFlags(inventoryOf([api()], { provider }), "kube-apiserver").visible).toBe(false);
  });

  it("ignores finished pods, other programs and an API server of somebody else's", () => {
    const finished = { ...api("--x=y"), status: { phase: "Failed" } };
    const other = staticPod("kube-apiserver", ["proxy", "--anonymous-auth=false"]);
    const hosted = deployment("kube-apiserver", "tenant-1", {
      containers: [{ name: "kube-apiserver", command: ["kube-apiserver", "--anonymous-auth=true"] }],
    });
    for (const object of [finished, other, hosted]) {
      expect(componentFlags(inventoryOf([object]), "kube-apiserver").visible).toBe(false);
    }
  });

  it("is unknown when pods couldn't be read", () => {
    const world = inventoryOf([], { sections: { pods: { status: "forbidden" } } });
    expect(componentFlags(world, "kube-apiserver").visible).toBe(false);
  });

  const etcdPod = (command: string[], env: object[]) =>
    minimalPod("etcd-cp", "kube-system", {
      metadata: { labels: { component: "etcd" } },
      spec: { nodeName: "cp", containers: [{ name: "etcd", command, env }] },
    });

  it("reads etcd's variables, lets a flag win, and never takes a credential for a setting", () => {
    const etcd = etcdPod(
      ["etcd", "--client-cert-auth=true"],
      [
        { name: "ETCD_CLIENT_CERT_AUTH", value: "false" },
        { name: "ETCD_AUTO_TLS", value: "true" },
        { name: "ETCD_AUTH_TOKEN", value: "canary" },
        { name: "ETCD_DISCOVERY_PROXY", value: "http://user:canary@proxy" },
        { name: "PATH_TO", value: "canary" },
        { name: "ETCD_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
      ],
    );
    const inventory = inventoryOf([etcd]);
    const flags = componentFlags(inventory, "etcd");
    expect(valueOf(flags, "client-cert-auth")).toBe("true");
    expect(valueOf(flags, "auto-tls")).toBe("true");
    expect(["auth-token", "discovery-proxy", "name"].map((name) => valueOf(flags, name))).toEqual([null, null, null]);
    expect(JSON.stringify(inventory.snapshot)).not.toContain("canary");
  });

  it("keeps no variable of a pod that is not the control plane's", () => {
    const pod = minimalPod("etcd", "cde", {
      spec: { containers: [{ name: "etcd", env: [{ name: "ETCD_AUTO_TLS", value: "true" }] }] },
    });
    expect(inventoryOf([pod]).list("pods")[0]?.spec.containers[0]?.env).toEqual([{ name: "ETCD_AUTO_TLS" }]);
  });

  it("reads etcd's file instead of its flags where it has one, and says when nobody brought it", () => {
    const etcd = etcdPod(["etcd", "--config-file=/x"], [{ name: "ETCD_CLIENT_CERT_AUTH", value: "true" }]);
    const origin = { by: "node-collector" as const, name: "cp:/x", collectedAt: "2026-11-20T00:00:00Z" };
    const unknown = componentFlags(inventoryOf([etcd]), "etcd");
    expect(unknown.visible && unknown.instances.map(isConfiguredByUnknownFile)).toEqual([true]);
    expect(valueOf(unknown, "client-cert-auth")).toBeUndefined();
    const settings = { "client-cert-auth": "false" };
    const known = componentFlags(
      inventoryOf([etcd], { facts: { etcdConfigs: [{ origin, node: "cp", settings }] } }),
      "etcd",
    );
    expect(known.visible && known.instances.map(isConfiguredByUnknownFile)).toEqual([false]);
    expect(valueOf(known, "client-cert-auth")).toBe("false");
  });

  it("takes imported command lines where no pod is visible, the newest of each node, and names the other nodes", () => {
    const label = { "node-role.kubernetes.io/control-plane": "true" };
    const line = (node: string, day: string, value: string) => ({
      origin: { by: "upload" as const, name: "k3s", collectedAt: `2026-11-${day}T00:00:00Z` },
      node,
      component: "kube-apiserver" as const,
      command: ["kube-apiserver", `--anonymous-auth=${value}`],
    });
    const componentCommands = [line("s1", "20", "false"), line("s1", "10", "true")];
    const options = { provider: "k3s" as const, facts: { componentCommands } };
    const flags = componentFlags(inventoryOf([node("s1", label), node("s2", label)], options), "kube-apiserver");
    expect(valueOf(flags, "anonymous-auth")).toBe("false");
    expect(flags.visible && flags.hiddenNodes).toEqual(["s2"]);
    const seen = componentFlags(inventoryOf([api("--x=y")], options), "kube-apiserver");
    expect(seen.visible && seen.instances.map(({ ref }) => ref.kind)).toEqual(["Pod"]);
  });

  it("reads a static pod's file without a namespace, by both of kubeadm's labels only", () => {
    const file = (labels: Record<string, string>) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "api", labels },
      spec: { containers: [{ name: "server", command: ["kube-apiserver"], args: ["--profiling=false"] }] },
    });
    const of = (labels: Record<string, string>) =>
      componentFlags(inventoryOf([file(labels)], { source: "manifests" }), "kube-apiserver");
    expect(valueOf(of({ component: "kube-apiserver", tier: "control-plane" }), "profiling")).toBe("false");
    expect(of({ component: "kube-apiserver" }).visible).toBe(false);
    expect(of({ tier: "control-plane" }).visible).toBe(false);
  });

  it("reads RKE2's static pods, whose flags are arguments", () => {
    const pod = staticPod("kube-apiserver", [], "s1", {
      spec: {
        nodeName: "s1",
        containers: [{ name: "kube-apiserver", command: ["kube-apiserver"], args: ["--authorization-mode=Node,RBAC"] }],
      },
    });
    const flags = componentFlags(inventoryOf([pod], { provider: "rke2" }), "kube-apiserver");
    expect(valueOf(flags, "authorization-mode")).toBe("Node,RBAC");
  });

  it("reads booleans as Go does", () => {
    expect(["false", "F", "0", "TRUE", "1", "no", ""].map(parseBooleanFlag)).toEqual([
      false,
      false,
      false,
      true,
      true,
      null,
      null,
    ]);
  });
});
