/** Import of a managed cluster's record, exactly as the provider's command line prints it: EKS, GKE or AKS, told apart by its members. */
import { z } from "zod";
import type { AuditRecord, ImportedFacts } from "../imported";
import type { EncryptionRecord, AuthenticationRecord } from "../imported-access";
import type { ImportOrigin } from "../import-origin";
import { documentImport } from "./types";

const text = z.string().max(4096);
const texts = z.array(text).max(1000);

const eks = z.object({
  cluster: z.looseObject({
    arn: text.startsWith("arn:"),
    version: text,
    resourcesVpcConfig: z.looseObject({
      endpointPublicAccess: z.boolean(),
      endpointPrivateAccess: z.boolean().nullish(),
      publicAccessCidrs: texts.nullish(),
    }),
    logging: z
      .looseObject({
        clusterLogging: z.array(z.looseObject({ types: texts.nullish(), enabled: z.boolean() })).nullish(),
      })
      .nullish(),
    encryptionConfig: z
      .array(
        z.looseObject({ resources: texts.nullish(), provider: z.looseObject({ keyArn: text.nullish() }).nullish() }),
      )
      .nullish(),
    accessConfig: z.looseObject({ authenticationMode: text.nullish() }).nullish(),
  }),
});
const gke = z.looseObject({
  selfLink: text.includes("container.googleapis.com"),
  currentMasterVersion: text,
  privateClusterConfig: z.looseObject({ enablePrivateEndpoint: z.boolean().nullish() }).nullish(),
  masterAuthorizedNetworksConfig: z
    .looseObject({
      enabled: z.boolean().nullish(),
      cidrBlocks: z.array(z.looseObject({ cidrBlock: text })).nullish(),
      gcpPublicCidrsAccessEnabled: z.boolean().nullish(),
    })
    .nullish(),
  controlPlaneEndpointsConfig: z
    .looseObject({
      dnsEndpointConfig: z.looseObject({ allowExternalTraffic: z.boolean().nullish() }).nullish(),
      ipEndpointsConfig: z
        .looseObject({ enabled: z.boolean().nullish(), enablePublicEndpoint: z.boolean().nullish() })
        .nullish(),
    })
    .nullish(),
  databaseEncryption: z.looseObject({ state: text.nullish(), keyName: text.nullish() }).nullish(),
  masterAuth: z
    .looseObject({
      clientCertificateConfig: z.looseObject({ issueClientCertificate: z.boolean().nullish() }).nullish(),
    })
    .nullish(),
});
const aks = z.looseObject({
  id: text.includes("Microsoft.ContainerService/managedClusters"),
  kubernetesVersion: text,
  apiServerAccessProfile: z
    .looseObject({ enablePrivateCluster: z.boolean().nullish(), authorizedIpRanges: texts.nullish() })
    .nullish(),
  securityProfile: z
    .looseObject({
      azureKeyVaultKms: z.looseObject({ enabled: z.boolean().nullish(), keyId: text.nullish() }).nullish(),
    })
    .nullish(),
  aadProfile: z.looseObject({}).nullish(),
  disableLocalAccounts: z.boolean().nullish(),
});

type Facts = Partial<ImportedFacts>;

function factsOfEks({ cluster }: z.output<typeof eks>, origin: ImportOrigin): Facts {
  const { resourcesVpcConfig: vpc } = cluster;
  const logTypes = (cluster.logging?.clusterLogging ?? []).flatMap(({ enabled, types }) =>
    enabled ? (types ?? []) : [],
  );
  const auditRecord: AuditRecord = { origin, provider: "eks", logTypes };
  const keys = (cluster.encryptionConfig ?? []).filter(({ resources }) => (resources ?? []).includes("secrets"));
  const keyArn = keys[0]?.provider?.keyArn ?? null;
  const mode = cluster.accessConfig?.authenticationMode ?? "CONFIG_MAP";
  return {
    endpointRecord: {
      origin,
      provider: "eks",
      isPublic: vpc.endpointPublicAccess,
      publicRanges: vpc.endpointPublicAccess ? (vpc.publicAccessCidrs ?? null) : null,
      hasIdentityGuardedName: false,
      found: `endpointPublicAccess=${vpc.endpointPublicAccess} publicAccessCidrs=${(vpc.publicAccessCidrs ?? []).join(",")}`,
    },
    auditRecord,
    // Without a key of the customer the record doesn't say whether the default envelope encryption of newer versions is on.
    ...(keyArn === null
      ? {}
      : {
          encryptionRecord: {
            origin,
            isSecretEncryptionOn: true,
            key: "customer",
            found: `encryptionConfig ${keyArn}`,
          } satisfies EncryptionRecord,
        }),
    authenticationRecord: {
      origin,
      service: `AWS IAM (${mode})`,
      isOn: true,
      bypasses: [],
    } satisfies AuthenticationRecord,
    controlPlaneRecord: { origin, provider: "eks", version: cluster.version },
  };
}

function factsOfGke(cluster: z.output<typeof gke>, origin: ImportOrigin): Facts {
  const ip = cluster.controlPlaneEndpointsConfig?.ipEndpointsConfig;
  const dns = cluster.controlPlaneEndpointsConfig?.dnsEndpointConfig?.allowExternalTraffic === true;
  const isPrivate =
    cluster.privateClusterConfig?.enablePrivateEndpoint === true ||
    ip?.enablePublicEndpoint === false ||
    ip?.enabled === false;
  const networks = cluster.masterAuthorizedNetworksConfig;
  const isLimited = networks?.enabled === true || (networks?.cidrBlocks ?? []).length > 0;
  const ranges = isLimited ? (networks?.cidrBlocks ?? []).map(({ cidrBlock }) => cidrBlock) : null;
  const state = cluster.databaseEncryption?.state ?? "";
  const isEncrypted = ["ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"].includes(state);
  const issues = cluster.masterAuth?.clientCertificateConfig?.issueClientCertificate === true;
  return {
    endpointRecord: {
      origin,
      provider: "gke",
      isPublic: !isPrivate,
      publicRanges: isPrivate ? null : ranges,
      hasIdentityGuardedName: dns,
      found: `private endpoint ${isPrivate}, authorized networks ${ranges === null ? "off" : ranges.join(",")}, DNS endpoint from outside ${dns}`,
    },
    encryptionRecord: {
      origin,
      isSecretEncryptionOn: isEncrypted,
      key: isEncrypted ? "customer" : null,
      found: `databaseEncryption.state=${state === "" ? "absent" : state}`,
    },
    authenticationRecord: {
      origin,
      service: "Google Cloud IAM",
      isOn: true,
      bypasses: issues ? ["client certificates of masterAuth"] : [],
    },
    controlPlaneRecord: { origin, provider: "gke", version: cluster.currentMasterVersion },
  };
}

function factsOfAks(cluster: z.output<typeof aks>, origin: ImportOrigin): Facts {
  const profile = cluster.apiServerAccessProfile;
  const isPrivate = profile?.enablePrivateCluster === true;
  const ranges = profile?.authorizedIpRanges ?? [];
  const kms = cluster.securityProfile?.azureKeyVaultKms;
  return {
    endpointRecord: {
      origin,
      provider: "aks",
      isPublic: !isPrivate,
      publicRanges: isPrivate || ranges.length === 0 ? null : ranges,
      hasIdentityGuardedName: false,
      found: `enablePrivateCluster=${isPrivate} authorizedIpRanges=${ranges.join(",")}`,
    },
    encryptionRecord: {
      origin,
      isSecretEncryptionOn: kms?.enabled === true,
      key: kms?.enabled === true ? "customer" : null,
      found: `azureKeyVaultKms.enabled=${kms?.enabled === true}`,
    },
    authenticationRecord: {
      origin,
      service: "Microsoft Entra ID",
      isOn: cluster.aadProfile != null,
      bypasses: cluster.disableLocalAccounts === true ? [] : ["local accounts"],
    },
    controlPlaneRecord: { origin, provider: "aks", version: cluster.kubernetesVersion },
  };
}

export const clusterRecordImport = documentImport(
  {
    id: "cluster-record",
    title: "Provider's record of the cluster",
    nature: "fact",
    description:
      "How a managed control plane is set: who can reach it, whether Secrets are encrypted and with whose key, which control-plane logs are on, how people are authenticated, its version. Only those members are read.",
    howToGet:
      "EKS: aws eks describe-cluster --name NAME. GKE: gcloud container clusters describe NAME --format=json. AKS: az aks show --name NAME --resource-group GROUP. Upload what it prints.",
    format: "json",
    controls: [
      "cp-endpoint-private",
      "sec-etcd-encryption-on",
      "sec-encryption-provider-strong",
      "auth-central-idp",
      "log-audit-enabled",
    ],
    example: `{
  "cluster": {
    "name": "payments",
    "arn": "arn:aws:eks:eu-central-1:111122223333:cluster/payments",
    "version": "1.35",
    "resourcesVpcConfig": {
      "endpointPublicAccess": true,
      "endpointPrivateAccess": true,
      "publicAccessCidrs": ["198.51.100.0/24"]
    },
    "logging": { "clusterLogging": [{ "types": ["audit", "authenticator"], "enabled": true }] },
    "encryptionConfig": [
      { "resources": ["secrets"], "provider": { "keyArn": "arn:aws:kms:eu-central-1:111122223333:key/example" } }
    ],
    "accessConfig": { "authenticationMode": "API" }
  }
}
`,
  },
  z.union([eks, gke, aks], "must be what eks describe-cluster, container clusters describe or aks show prints"),
  (document, origin) => ({
    facts:
      "cluster" in document && "resourcesVpcConfig" in (document.cluster as object)
        ? factsOfEks(document as z.output<typeof eks>, origin)
        : "currentMasterVersion" in document
          ? factsOfGke(document as z.output<typeof gke>, origin)
          : factsOfAks(document as z.output<typeof aks>, origin),
  }),
);
