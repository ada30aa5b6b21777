/**
 * The state in the one Secret of the agent's own namespace that its Role lets it patch.
 *
 * The agent can't read the Secret through the API; the kubelet mounts it. A mounted Secret lags behind its object by up to a
 * minute or two, so after a crash of the container the file may be older than the last patch. A second copy in an emptyDir,
 * which outlives the container but not the pod, is newer then. Of the two the one with the higher revision counts.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { KubernetesApi } from "../kubernetes/api";
import { type AgentState, parseState, type StateStore } from "./state";

export const SECRET_KEY = "agent-state.json";

export class SecretStore implements StateStore {
  constructor(
    private readonly api: KubernetesApi,
    private readonly secret: { namespace: string; name: string; mountPath: string },
    private readonly local: StateStore,
  ) {}

  async load(): Promise<AgentState | null> {
    const [mounted, local] = [await this.loadMounted(), await this.local.load()];
    if (mounted === null || local === null) return mounted ?? local;
    return local.revision >= mounted.revision ? local : mounted;
  }

  async save(state: AgentState): Promise<void> {
    const { namespace, name } = this.secret;
    const data = { [SECRET_KEY]: Buffer.from(JSON.stringify(state)).toString("base64") };
    const answer = await this.api.mergePatch(`/api/v1/namespaces/${namespace}/secrets/${name}`, { data });
    if (answer.status === 403) {
      throw new Error(
        `the agent may not patch its own Secret ${namespace}/${name}: apply the Role and RoleBinding of the chart`,
      );
    }
    if (answer.status === 404)
      throw new Error(`the Secret ${namespace}/${name} does not exist: apply it from the chart`);
    if (answer.status !== 200) throw new Error(`patching the Secret ${namespace}/${name} answered ${answer.status}`);
    await this.local.save(state);
  }

  private async loadMounted(): Promise<AgentState | null> {
    const file = path.join(this.secret.mountPath, SECRET_KEY);
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
    return text.trim() === "" ? null : parseState(text, file);
  }
}
