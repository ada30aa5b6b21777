/** Applies the manifest on standard input to the cluster of the kubeconfig file: `kubectl apply -f -` for machines without kubectl. */
import { readFileSync } from "node:fs";
import { applyManifests, readManifest } from "@/demo/apply";

await applyManifests(readFileSync(process.argv[2] ?? "", "utf8"), readManifest(readFileSync(0, "utf8")));
