/**
 * appArmorProfile · baseline · since 1.0
 *
 * Restricted fields: spec.securityContext.appArmorProfile.type, securityContext.appArmorProfile.type of every container, and
 * the annotations container.apparmor.security.beta.kubernetes.io/*, which decide before Kubernetes 1.30 and are still read.
 * Allowed values: fields undefined, RuntimeDefault, Localhost; annotations empty, runtime/default, localhost/*.
 * An annotation for a container that does not exist counts as well.
 */
import type { Check, ForbiddenField } from "../check";
import { ALLOWED, containersNamed, plural, pointerSegment, quoted, sortedSet, visitContainers } from "../check";

const ANNOTATION_PREFIX = "container.apparmor.security.beta.kubernetes.io/";

export const appArmorProfile: Check = {
  id: "appArmorProfile",
  level: "baseline",
  revisions: [
    {
      sinceMinor: 0,
      evaluate: ({ annotations, spec }) => {
        const setters: string[] = [];
        const values: string[] = [];
        const fields: ForbiddenField[] = [];
        const podType = spec.securityContext?.appArmorProfile?.type;
        if (podType !== undefined && !isAllowedType(podType)) {
          setters.push("pod");
          values.push(podType);
          fields.push({ in: "spec", pointer: "/securityContext/appArmorProfile/type", found: podType });
        }
        const containers: string[] = [];
        for (const { container, pointer } of visitContainers(spec)) {
          const type = container.securityContext?.appArmorProfile?.type;
          if (type === undefined || isAllowedType(type)) continue;
          containers.push(container.name);
          values.push(type);
          fields.push({ in: "spec", pointer: `${pointer}/securityContext/appArmorProfile/type`, found: type });
        }
        if (containers.length > 0) setters.push(containersNamed(containers));

        const badAnnotations = Object.entries(annotations)
          .filter(([key, value]) => key.startsWith(ANNOTATION_PREFIX) && !isAllowedAnnotation(value))
          .sort(([a], [b]) => (a < b ? -1 : 1));
        for (const [key, value] of badAnnotations) {
          fields.push({ in: "annotations", pointer: `/${pointerSegment(key)}`, found: value });
        }
        if (badAnnotations.length > 0) setters.push(plural("annotation", "annotations", badAnnotations.length));

        if (setters.length === 0) return ALLOWED;
        const listed = [
          ...sortedSet(values),
          ...badAnnotations.map(([key, value]) => `${key}=${JSON.stringify(value)}`),
        ];
        return {
          allowed: false,
          reason: plural("forbidden AppArmor profile", "forbidden AppArmor profiles", listed.length),
          detail: `${setters.join(" and ")} must not set AppArmor profile type to ${quoted(listed)}`,
          fields,
        };
      },
    },
  ],
};

function isAllowedType(type: string): boolean {
  return type === "RuntimeDefault" || type === "Localhost";
}

function isAllowedAnnotation(value: string): boolean {
  return value === "" || value === "runtime/default" || value.startsWith("localhost/");
}
