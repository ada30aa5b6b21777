/**
 * Configuration files of the control plane and the nodes, as far as controls read them. The node collector reads them on the node,
 * an upload brings them from there; both go through these functions, so that no key ever gets further than this room.
 *
 * Field names: the references of apiserver.config.k8s.io, kubelet.config.k8s.io and pod-security.admission.config.k8s.io.
 */
import { z } from "zod";
import type { EncryptionProvider, ImportedKubeletConfig } from "../imported-control-plane";
import type { PodSecurityAdmissionConfig } from "../imported";
import { parseWith } from "../imports/types";

const name = z.string().min(1).max(512);
const names = z.array(name).max(1000);
const local = z.looseObject({ keys: z.array(z.looseObject({ name })).min(1).max(100) });
const provider = z.union([
  z.strictObject({ identity: z.looseObject({}) }),
  z.strictObject({ aescbc: local }),
  z.strictObject({ aesgcm: local }),
  z.strictObject({ secretbox: local }),
  z.strictObject({ kms: z.looseObject({ apiVersion: z.enum(["v1", "v2"]).default("v1"), name }) }),
]);
const encryptionConfiguration = z.looseObject({
  apiVersion: z.string().startsWith("apiserver.config.k8s.io/"),
  kind: z.literal("EncryptionConfiguration"),
  resources: z
    .array(z.looseObject({ resources: names.min(1), providers: z.array(provider).min(1).max(50) }))
    .min(1)
    .max(200),
});

/**
 * Provider names, key names and resources of an EncryptionConfiguration; never a key.
 * @throws ImportProblem
 */
export function readEncryptionConfiguration(
  document: unknown,
): { resources: string[]; providers: EncryptionProvider[] }[] {
  return parseWith(encryptionConfiguration, document).resources.map(({ resources, providers }) => ({
    resources,
    providers: providers.map((entry): EncryptionProvider => {
      if ("kms" in entry) return { type: "kms", kmsVersion: entry.kms.apiVersion, name: entry.kms.name, keys: [] };
      for (const type of ["aescbc", "aesgcm", "secretbox"] as const) {
        const found = (entry as { [type: string]: z.output<typeof local> | undefined })[type];
        if (found !== undefined) return { type, keys: found.keys.map((key) => key.name) };
      }
      return { type: "identity", keys: [] };
    }),
  }));
}

const kubeletConfiguration = z.looseObject({
  apiVersion: z.string().startsWith("kubelet.config.k8s.io/").optional(),
  kind: z.literal("KubeletConfiguration").optional(),
  authentication: z
    .looseObject({
      anonymous: z.looseObject({ enabled: z.boolean().nullish() }).nullish(),
      webhook: z.looseObject({ enabled: z.boolean().nullish() }).nullish(),
      x509: z.looseObject({ clientCAFile: z.string().max(4096).nullish() }).nullish(),
    })
    .nullish(),
  authorization: z.looseObject({ mode: z.string().max(64).nullish() }).nullish(),
  readOnlyPort: z.number().int().nullish(),
  rotateCertificates: z.boolean().nullish(),
  serverTLSBootstrap: z.boolean().nullish(),
  tlsMinVersion: z.string().max(64).nullish(),
  tlsCipherSuites: names.nullish(),
  streamingConnectionIdleTimeout: z.string().max(64).nullish(),
  protectKernelDefaults: z.boolean().nullish(),
  makeIPTablesUtilChains: z.boolean().nullish(),
  eventRecordQPS: z.number().int().nullish(),
  podPidsLimit: z.number().int().nullish(),
  seccompDefault: z.boolean().nullish(),
});
export type KubeletSettings = Omit<ImportedKubeletConfig, "origin" | "node" | "source" | "flags">;

/**
 * The settings of a KubeletConfiguration that controls read.
 * @throws ImportProblem
 */
export function readKubeletConfiguration(document: unknown): KubeletSettings {
  const config = parseWith(kubeletConfiguration, document);
  const { authentication } = config;
  return withoutNothing({
    anonymous: authentication?.anonymous?.enabled,
    webhook: authentication?.webhook?.enabled,
    clientCAFile: authentication?.x509?.clientCAFile,
    authorizationMode: config.authorization?.mode,
    readOnlyPort: config.readOnlyPort,
    rotateCertificates: config.rotateCertificates,
    serverTLSBootstrap: config.serverTLSBootstrap,
    tlsMinVersion: config.tlsMinVersion === "" ? null : config.tlsMinVersion,
    tlsCipherSuites: config.tlsCipherSuites,
    streamingConnectionIdleTimeout: config.streamingConnectionIdleTimeout,
    protectKernelDefaults: config.protectKernelDefaults,
    makeIPTablesUtilChains: config.makeIPTablesUtilChains,
    eventRecordQPS: config.eventRecordQPS,
    podPidsLimit: config.podPidsLimit,
    seccompDefault: config.seccompDefault,
  });
}

/** The AuthenticationConfiguration; only what is listed is read, so certificates of issuers stay out. */
export const authenticationConfiguration = z.looseObject({
  apiVersion: z
    .string()
    .refine((text) => text.startsWith("apiserver.config.k8s.io/"), "must begin with apiserver.config.k8s.io/"),
  kind: z.literal("AuthenticationConfiguration"),
  jwt: z
    .array(
      z.looseObject({
        issuer: z.looseObject({ url: z.string().min(1).max(2048) }),
        claimValidationRules: z
          .array(
            z.looseObject({
              claim: z.string().max(512).optional(),
              requiredValue: z.string().max(2048).optional(),
              expression: z.string().max(4096).optional(),
            }),
          )
          .max(64)
          .nullish(),
      }),
    )
    .max(64)
    .nullish(),
  anonymous: z
    .looseObject({
      enabled: z.boolean(),
      conditions: z.array(z.looseObject({ path: z.string().max(2048) })).nullish(),
    })
    .nullish(),
});

/** @throws ImportProblem */
export function readAuthenticationConfiguration(document: unknown) {
  return authenticationFacts(parseWith(authenticationConfiguration, document));
}

/** Issuers, what they demand of claims, and what anonymous requests may ask; without `anonymous` when the file has no such section. */
export function authenticationFacts({ jwt, anonymous }: z.output<typeof authenticationConfiguration>) {
  return {
    issuers: (jwt ?? []).map(({ issuer }) => issuer.url),
    claimRules: (jwt ?? []).flatMap(({ issuer, claimValidationRules }) =>
      (claimValidationRules ?? []).map(({ claim, requiredValue, expression }) => ({
        issuer: issuer.url,
        ...withoutNothing({ claim, requiredValue, expression }),
      })),
    ),
    ...(anonymous == null
      ? {}
      : { anonymous: { enabled: anonymous.enabled, paths: (anonymous.conditions ?? []).map(({ path }) => path) } }),
  };
}

const authorizationConfiguration = z.looseObject({
  apiVersion: z.string().startsWith("apiserver.config.k8s.io/"),
  kind: z.literal("AuthorizationConfiguration"),
  authorizers: z
    .array(z.looseObject({ type: name, name: name.nullish() }))
    .min(1)
    .max(50),
});

/** @throws ImportProblem */
export function readAuthorizationConfiguration(document: unknown): { type: string; name?: string }[] {
  return parseWith(authorizationConfiguration, document).authorizers.map(({ type, name: label }) => ({
    type,
    ...(label == null ? {} : { name: label }),
  }));
}

const POD_SECURITY_KEYS = ["enforce", "enforce-version", "audit", "audit-version", "warn", "warn-version"] as const;
const podSecurityConfiguration = z.looseObject({
  kind: z.literal("PodSecurityConfiguration"),
  defaults: z.record(z.string(), z.string().max(64)).nullish(),
  exemptions: z
    .looseObject({ usernames: names.nullish(), runtimeClasses: names.nullish(), namespaces: names.nullish() })
    .nullish(),
});
const admissionConfiguration = z.looseObject({
  apiVersion: z.string().startsWith("apiserver.config.k8s.io/"),
  kind: z.literal("AdmissionConfiguration"),
  plugins: z.array(z.looseObject({ name, configuration: z.unknown() })).max(100),
});

/**
 * The plug-ins that the file configures, and Pod Security's settings where they stand in the file itself.
 * @throws ImportProblem
 */
export function readAdmissionConfiguration(document: unknown): {
  plugins: string[];
  podSecurity?: Pick<PodSecurityAdmissionConfig, "defaults" | "exemptions">;
} {
  const { plugins } = parseWith(admissionConfiguration, document);
  const pods = plugins.find((plugin) => plugin.name === "PodSecurity");
  const result = { plugins: plugins.map((plugin) => plugin.name) };
  if (pods?.configuration == null) return result;
  const { defaults, exemptions } = parseWith(podSecurityConfiguration, pods.configuration);
  return {
    ...result,
    podSecurity: {
      defaults: Object.fromEntries(
        POD_SECURITY_KEYS.flatMap((key) => (defaults?.[key] === undefined ? [] : [[key, defaults[key]]])),
      ),
      exemptions: {
        usernames: exemptions?.usernames ?? [],
        runtimeClasses: exemptions?.runtimeClasses ?? [],
        namespaces: exemptions?.namespaces ?? [],
      },
    },
  };
}

type Something<T> = { [K in keyof T]?: NonNullable<T[K]> };
/** The object without members that are null or undefined. */
export function withoutNothing<T extends object>(value: T): Something<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member != null)) as Something<T>;
}
