/** Minor version of a Kubernetes 1 API server. */

/** `v1.32.4-eks-1234`, `1.29+` → 32, 29; null when the text is absent or not a version of Kubernetes 1. */
export function minorOfVersion(gitVersion: string | undefined): number | null {
  const match = /^v?1\.(\d+)(?:[.+-].*)?$/.exec(gitVersion ?? "");
  return match?.[1] === undefined ? null : Number(match[1]);
}
