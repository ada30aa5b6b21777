import { describe, expect, it } from "vitest";
import { ImportProblem, findImportKind } from ".";

const origin = { by: "upload", name: "a.json", collectedAt: "2026-11-21T12:00:00.000Z" } as const;
function parse(kind: string, document: unknown) {
  const found = findImportKind(kind);
  if (found === null) throw new Error(`no kind ${kind}`);
  return found.parse(JSON.stringify(document), origin).facts ?? {};
}

describe("the provider's record of a cluster", () => {
  const eks = (change: object = {}) => ({
    cluster: {
      arn: "arn:aws:eks:eu-central-1:111122223333:cluster/x",
      version: "1.35",
      resourcesVpcConfig: { endpointPublicAccess: true, publicAccessCidrs: ["0.0.0.0/0"] },
      logging: {
        clusterLogging: [
          { types: ["audit"], enabled: true },
          { types: ["scheduler"], enabled: false },
        ],
      },
      ...change,
    },
  });

  it("is read for EKS, and doesn't take missing encryption for no encryption", () => {
    const facts = parse("cluster-record", eks());
    expect(facts.endpointRecord).toMatchObject({ isPublic: true, publicRanges: ["0.0.0.0/0"] });
    expect(facts.auditRecord).toMatchObject({ provider: "eks", logTypes: ["audit"] });
    expect(facts.encryptionRecord).toBeUndefined();
    const key = [{ resources: ["secrets"], provider: { keyArn: "arn:aws:kms:x" } }];
    expect(parse("cluster-record", eks({ encryptionConfig: key })).encryptionRecord).toMatchObject({
      isSecretEncryptionOn: true,
      key: "customer",
    });
  });

  it("is read for GKE: private, limited, open, and the DNS endpoint", () => {
    const gke = (change: object) =>
      parse("cluster-record", {
        selfLink: "https://container.googleapis.com/v1/projects/p/locations/l/clusters/c",
        currentMasterVersion: "1.35.1-gke.100",
        ...change,
      });
    expect(gke({ privateClusterConfig: { enablePrivateEndpoint: true } }).endpointRecord?.isPublic).toBe(false);
    expect(gke({}).endpointRecord).toMatchObject({ isPublic: true, publicRanges: null });
    expect(
      gke({ masterAuthorizedNetworksConfig: { enabled: true, cidrBlocks: [{ cidrBlock: "198.51.100.0/24" }] } })
        .endpointRecord?.publicRanges,
    ).toEqual(["198.51.100.0/24"]);
    const dns = { dnsEndpointConfig: { allowExternalTraffic: true }, ipEndpointsConfig: { enabled: false } };
    expect(gke({ controlPlaneEndpointsConfig: dns }).endpointRecord).toMatchObject({
      isPublic: false,
      hasIdentityGuardedName: true,
    });
    expect(gke({ databaseEncryption: { state: "DECRYPTED" } }).encryptionRecord?.isSecretEncryptionOn).toBe(false);
    expect(gke({ databaseEncryption: { state: "ENCRYPTED" } }).encryptionRecord?.isSecretEncryptionOn).toBe(true);
  });

  it("is read for AKS", () => {
    const aks = (change: object) =>
      parse("cluster-record", {
        id: "/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/c",
        kubernetesVersion: "1.35.2",
        ...change,
      });
    expect(aks({}).endpointRecord).toMatchObject({ isPublic: true, publicRanges: null });
    expect(aks({ apiServerAccessProfile: { enablePrivateCluster: true } }).endpointRecord?.isPublic).toBe(false);
    expect(aks({ disableLocalAccounts: true, aadProfile: {} }).authenticationRecord).toMatchObject({
      isOn: true,
      bypasses: [],
    });
    expect(
      aks({ securityProfile: { azureKeyVaultKms: { enabled: true } } }).encryptionRecord?.isSecretEncryptionOn,
    ).toBe(true);
  });

  it("is refused when it is of nobody's", () => {
    expect(() => parse("cluster-record", { cluster: { name: "x" } })).toThrow(ImportProblem);
  });
});

describe("files of hosts", () => {
  it("loses the keys of an encryption configuration on the way in", () => {
    const providers = [
      { aescbc: { keys: [{ name: "key1", secret: "canary-material" }] } },
      { kms: { name: "vault", endpoint: "unix:///canary", apiVersion: "v2" } },
      { identity: {} },
    ];
    const configuration = {
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [{ resources: ["secrets"], providers }],
    };
    const facts = parse("encryption-configuration", { apiServers: [{ instance: "cp-1", configuration }] });
    expect(JSON.stringify(facts)).not.toContain("canary");
    expect(facts.encryptionConfigs?.[0]?.resources[0]?.providers).toEqual([
      { type: "aescbc", keys: ["key1"] },
      { type: "kms", kmsVersion: "v2", name: "vault", keys: [] },
      { type: "identity", keys: [] },
    ]);
  });

  it("names the place of what is wrong, and never the value", () => {
    const bad = {
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "EncryptionConfiguration",
      resources: [{ resources: ["secrets"], providers: [{ aescbc: { keys: "canary-material" } }] }],
    };
    const attempt = () => parse("encryption-configuration", { apiServers: [{ instance: "cp-1", configuration: bad }] });
    expect(attempt).toThrow(/resources\[0\]\.providers\[0\]/);
    expect(attempt).not.toThrow(/canary/);
  });

  it("takes credentials out of command lines and leaves the rest", () => {
    const facts = parse("control-plane-commands", {
      components: [
        {
          node: "s1",
          component: "kube-apiserver",
          command: "--anonymous-auth=false --etcd-password=canary --token=canary",
        },
        { node: "s1", component: "etcd", command: ["etcd", "--client-cert-auth"] },
      ],
    });
    expect(facts.componentCommands?.map(({ command }) => command)).toEqual([
      ["kube-apiserver", "--anonymous-auth=false", "--etcd-password=<redacted>", "--token=<redacted>"],
      ["etcd", "--client-cert-auth"],
    ]);
  });

  it("keeps Pod Security's settings only where API servers agree", () => {
    const admission = (enforce: string) => ({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AdmissionConfiguration",
      plugins: [{ name: "PodSecurity", configuration: { kind: "PodSecurityConfiguration", defaults: { enforce } } }],
    });
    const of = (a: string, b: string) =>
      parse("api-server-configuration", {
        apiServers: [
          { instance: "a", admission: admission(a) },
          { instance: "b", admission: admission(b) },
        ],
      }).podSecurityAdmission;
    expect(of("restricted", "restricted")?.defaults).toEqual({ enforce: "restricted" });
    expect(of("restricted", "baseline")).toBeUndefined();
  });
});
