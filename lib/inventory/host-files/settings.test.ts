import { describe, expect, it } from "vitest";
import { readChronyTracking, readEtcdConfig, readKubeletFlags, readServerConfig, readTimeServers } from "./settings";

describe("the kubelet's flags", () => {
  it("are found in unit files and environment files, the last one wins, comments don't count", () => {
    const unit = 'Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"\n# --anonymous-auth=true\n';
    const environment = 'KUBELET_KUBEADM_ARGS="--anonymous-auth=false --read-only-port 0 --bootstrap-token=canary"\n';
    expect(readKubeletFlags([unit, environment])).toEqual({
      config: "/var/lib/kubelet/config.yaml",
      "anonymous-auth": "false",
      "read-only-port": "0",
    });
    expect(
      readKubeletFlags(["--rotate-certificates --anonymous-auth=true --read-only-port=1", "--anonymous-auth=false"]),
    ).toEqual({
      "rotate-certificates": "true",
      "anonymous-auth": "false",
      "read-only-port": "1",
    });
  });
});

describe("k3s and RKE2", () => {
  it("show the arguments of components and switches, and neither token nor datastore", () => {
    const config = readServerConfig(
      {
        token: "canary",
        "datastore-endpoint": "postgres://u:canary@db/k3s",
        "secrets-encryption": true,
        "kube-apiserver-arg": ["anonymous-auth=false", "etcd-password=canary"],
        "kubelet-arg": "protect-kernel-defaults=true",
      },
      "k3s",
    );
    expect(config).toEqual({
      distribution: "k3s",
      secretsEncryption: true,
      arguments: [
        { component: "kube-apiserver", name: "anonymous-auth", value: "false" },
        { component: "kube-apiserver", name: "etcd-password", value: "<redacted>" },
        { component: "kubelet", name: "protect-kernel-defaults", value: "true" },
      ],
    });
  });
});

it("reads etcd's file under the names of its flags", () => {
  expect(
    readEtcdConfig({
      name: "s1",
      "client-transport-security": { "cert-file": "/a", "client-cert-auth": true },
      "peer-transport-security": { "client-cert-auth": false },
      "listen-client-urls": "https://10.0.0.1:2379",
    }),
  ).toEqual({
    "cert-file": "/a",
    "client-cert-auth": "true",
    "peer-client-cert-auth": "false",
    "listen-client-urls": "https://10.0.0.1:2379",
  });
});

describe("time services", () => {
  it("name their servers", () => {
    expect(readTimeServers("pool ntp.example.com iburst\n# server no\nserver 169.254.169.123 prefer\n")).toEqual([
      "ntp.example.com",
      "169.254.169.123",
    ]);
    expect(readTimeServers("[Time]\nNTP=a.example.com b.example.com\n")).toEqual(["a.example.com", "b.example.com"]);
  });

  it("say whether chrony is synchronised", () => {
    const line = (stratum: number, leap: string) =>
      `A9FEA97B,169.254.169.123,${stratum},1763726400.1,0.000021,0.00001,0.00002,-5.1,0.001,0.02,0.0003,0.0001,16.1,${leap}`;
    expect(readChronyTracking(line(4, "Normal"), ["x"])).toEqual({
      tool: "chrony",
      isSynchronized: true,
      offsetSeconds: 0.000021,
      sources: ["x"],
    });
    expect(readChronyTracking(line(0, "Not synchronised"), [])?.isSynchronized).toBe(false);
    expect(readChronyTracking("506 Cannot talk to daemon", [])).toBeNull();
  });
});
