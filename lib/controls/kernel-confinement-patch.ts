/** The patch of pod-kernel-confinement: the runtime's default profile, and away with what switches protections off. */
import type { Container, PodSpec, SELinuxOptions } from "@/lib/inventory/kinds";
import { isApprovedAt } from "@/lib/inventory/registers";
import { evaluatePodSecurity } from "@/lib/podsecurity";
import type { EvaluationContext, Result } from "./types";
import type { PodSpecPatch } from "./workload-patch";

const isConfined = (type: string | undefined) => type === "RuntimeDefault" || type === "Localhost";
const RUNTIME_DEFAULT = { type: "RuntimeDefault", localhostProfile: null };

export function confinementPatch(context: EvaluationContext, result: Result, spec: PodSpec): PodSpecPatch {
  const pod = spec.securityContext;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const [runtimeClassName] = (context.registers?.sandboxDemands ?? [])
    .filter((demand) => demand.namespaces.includes(result.object.namespace ?? "") && isApprovedAt(demand, context.asOf))
    .flatMap((demand) => demand.runtimeClasses);
  const unsafe = unsafeSysctls(spec);
  return {
    spec: {
      securityContext: {
        ...(isConfined(pod?.seccompProfile?.type) ? {} : { seccompProfile: RUNTIME_DEFAULT }),
        ...(pod?.appArmorProfile === undefined || isConfined(pod.appArmorProfile.type)
          ? {}
          : { appArmorProfile: RUNTIME_DEFAULT }),
        ...seLinuxPatch(pod?.seLinuxOptions),
        ...(unsafe.size === 0 ? {} : { sysctls: (pod?.sysctls ?? []).filter(({ name }) => !unsafe.has(name)) }),
      },
      ...(runtimeClassName === undefined ? {} : { runtimeClassName }),
    },
    containers: Object.fromEntries(
      containers.flatMap((container) => {
        const securityContext = containerPatch(container);
        return Object.keys(securityContext).length === 0 ? [] : [[container.name, { securityContext }]];
      }),
    ),
    annotations: Object.fromEntries(
      containers.map(({ name }) => [`container.apparmor.security.beta.kubernetes.io/${name}`, null]),
    ),
  };
}

function containerPatch({ securityContext }: Container): Record<string, unknown> {
  const { privileged, seccompProfile, appArmorProfile, procMount, seLinuxOptions } = securityContext ?? {};
  return {
    ...(privileged === true ? { privileged: false } : {}),
    ...(seccompProfile === undefined || isConfined(seccompProfile.type) ? {} : { seccompProfile: RUNTIME_DEFAULT }),
    ...(appArmorProfile === undefined || isConfined(appArmorProfile.type) ? {} : { appArmorProfile: RUNTIME_DEFAULT }),
    ...(procMount === undefined || procMount === "Default" ? {} : { procMount: "Default" }),
    ...seLinuxPatch(seLinuxOptions),
  };
}

/** Only the level (the categories of multi-category security) is kept; user, role and type go back to the runtime's own. */
function seLinuxPatch(options: SELinuxOptions | undefined): Record<string, unknown> {
  if (options === undefined) return {};
  const { user, role, type } = options;
  const isForeign = !evaluatePodSecurity(
    { annotations: {}, spec: { containers: [], securityContext: { seLinuxOptions: options } } },
    "baseline",
  ).allowed;
  if (!isForeign) return {};
  return {
    seLinuxOptions: {
      ...(user === undefined ? {} : { user: null }),
      ...(role === undefined ? {} : { role: null }),
      ...(type === undefined ? {} : { type: null }),
    },
  };
}

function unsafeSysctls(spec: PodSpec): Set<string> {
  const { violations } = evaluatePodSecurity({ annotations: {}, spec }, "baseline");
  const fields = violations.filter(({ check }) => check === "sysctls").flatMap((violation) => violation.fields);
  return new Set(fields.flatMap(({ found }) => found ?? []));
}
