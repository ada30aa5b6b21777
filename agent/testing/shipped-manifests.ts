/** The plain manifests of deploy/agent with their places filled in, in an order in which they can be applied. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseAllDocuments } from "yaml";
import type { AppliedManifest } from "./apply";

const folder = path.resolve(import.meta.dirname, "../../deploy/agent");
const FIRST = ["Namespace", "ServiceAccount", "ClusterRole", "Role", "Secret"];

export function shippedManifests(values: { url: string; token: string; image: string }): AppliedManifest[] {
  const manifests = readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const text = readFileSync(path.join(folder, name), "utf8")
        .replaceAll("__RINGFENCE_URL__", values.url)
        .replaceAll("__ENROLMENT_TOKEN__", values.token)
        .replaceAll("__AGENT_IMAGE__", values.image);
      return parseAllDocuments(text).map((document) => document.toJS() as AppliedManifest);
    });
  const rank = ({ kind }: AppliedManifest) => (FIRST.indexOf(kind) + FIRST.length + 1) % (FIRST.length + 1);
  return manifests.sort((a, b) => rank(a) - rank(b));
}
