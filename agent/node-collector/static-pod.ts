/** The API server's static pod as far as it says which files to read, and where those lie on the host. */
import { z } from "zod";
import { parseWith } from "@/lib/inventory/imports/types";

const texts = z.array(z.string()).nullish();
const manifest = z.looseObject({
  kind: z.literal("Pod"),
  spec: z.looseObject({
    containers: z
      .array(
        z.looseObject({
          command: texts,
          args: texts,
          volumeMounts: z
            .array(z.looseObject({ name: z.string(), mountPath: z.string(), subPath: z.string().nullish() }))
            .nullish(),
        }),
      )
      .min(1),
    volumes: z
      .array(z.looseObject({ name: z.string(), hostPath: z.looseObject({ path: z.string() }).nullish() }))
      .nullish(),
  }),
});

/** Flags that name files, and the role of the file. */
export const FILE_FLAGS = {
  "encryption-provider-config": "encryption-configuration",
  "audit-policy-file": "audit-policy",
  "authentication-config": "authentication-configuration",
  "authorization-config": "authorization-configuration",
  "admission-control-config-file": "admission-configuration",
} as const;
export type FileRole = (typeof FILE_FLAGS)[keyof typeof FILE_FLAGS];

/**
 * Role → path on the host, of every file that the flags name.
 * @throws ImportProblem
 */
export function filesOfStaticPod(document: unknown): Map<FileRole, string> {
  const { containers, volumes } = parseWith(manifest, document).spec;
  const found = new Map<FileRole, string>();
  for (const container of containers) {
    const words = [...(container.command ?? []), ...(container.args ?? [])];
    words.forEach((word, i) => {
      const match = /^--([a-z][a-z_-]*)(?:=(.*))?$/.exec(word);
      const role = FILE_FLAGS[(match?.[1] ?? "").replaceAll("_", "-") as keyof typeof FILE_FLAGS];
      const value = match?.[2] ?? words[i + 1];
      if (role === undefined || value === undefined || value === "" || value.startsWith("--")) return;
      found.set(role, hostPathOf(value, container.volumeMounts ?? [], volumes ?? []));
    });
  }
  return found;
}

/** The longest mount that holds the path decides; without one the path is the container's own, and taken as it is. */
function hostPathOf(
  file: string,
  mounts: readonly { name: string; mountPath: string; subPath?: string | null | undefined }[],
  volumes: readonly { name: string; hostPath?: { path: string } | null | undefined }[],
): string {
  const [mount] = mounts
    .filter(({ mountPath }) => file === mountPath || file.startsWith(`${mountPath.replace(/\/$/, "")}/`))
    .sort((a, b) => b.mountPath.length - a.mountPath.length);
  const base = volumes.find(({ name }) => name === mount?.name)?.hostPath?.path;
  if (mount === undefined || base === undefined) return file;
  const rest = file.slice(mount.mountPath.replace(/\/$/, "").length);
  return `${base.replace(/\/$/, "")}${mount.subPath == null || mount.subPath === "" ? "" : `/${mount.subPath}`}${rest}`;
}
