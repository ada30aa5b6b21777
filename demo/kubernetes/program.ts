/** The process that stands for one pod: its environment, its mounted files, its restarts. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Container, KeyedData, KeyToPath, Pod, Volume } from "./objects";
import { objectKey, type Store } from "./store";

export interface Program {
  /** Whether this program stands for the image. */
  runs(image: string): boolean;
  /** What is started in the container's place; the container's own `args` are appended. */
  command: readonly string[];
  /** Further variables; `mounted` gives the place on this machine of a path inside the container. */
  environment?(mounted: (path: string) => string): Record<string, string>;
}

export interface RunContext {
  pod: Pod;
  /** Where the volumes are laid out; removed when the run stops. */
  folder: string;
  api: { host: string; port: number };
  store: Store;
  caPem: string;
  token(): string;
  log(line: string): void;
  onProcess(pid: number, isRunning: boolean): void;
  report(isRunning: boolean, restarts: number): void;
}

const LOG_LENGTH = 256 * 1024;
const FIRST_BACKOFF_MS = 1000;
const LONGEST_BACKOFF_MS = 30_000;
/** Bound tokens live for about an hour; the kubelet renews them long before. */
const TOKEN_RENEWAL_MS = 20 * 60_000;

export class ProgramRun {
  private child: ChildProcess | undefined;
  private log = "";
  private restarts = 0;
  private isStopped = false;
  private backoff: NodeJS.Timeout | undefined;
  private renewal: NodeJS.Timeout | undefined;

  constructor(
    private readonly program: Program,
    private readonly context: RunContext,
  ) {}

  get podUid(): string | undefined {
    return this.context.pod.metadata.uid;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  output(): string {
    return this.log;
  }

  start(): void {
    this.refreshVolumes();
    this.renewal = setInterval(() => this.refreshVolumes(), TOKEN_RENEWAL_MS);
    this.renewal.unref();
    this.spawn();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.backoff);
    clearInterval(this.renewal);
    const child = this.child;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      const grace = setTimeout(() => child.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(grace);
    }
    rmSync(this.context.folder, { recursive: true, force: true });
  }

  /** Writes the files of every mounted Secret, ConfigMap and projected volume, each file by rename, as a kubelet does. */
  refreshVolumes(): void {
    if (this.isStopped) return;
    for (const volume of this.context.pod.spec.volumes ?? []) {
      const files = this.filesOf(volume);
      const folder = join(this.context.folder, "volumes", volume.name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if (!files) continue;
      for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name), { recursive: true });
      for (const [name, content] of files) {
        const path = join(folder, name);
        try {
          if (readFileSync(path).equals(content)) continue;
        } catch {
          // Not there yet.
        }
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(`${path}.new`, content, { mode: 0o600 });
        renameSync(`${path}.new`, path);
      }
    }
  }

  private data(kind: "secrets" | "configmaps", name: string | undefined): Map<string, Buffer> {
    const object = this.context.store.get(`/${kind}`, objectKey(this.context.pod.metadata.namespace, name ?? "")) as
      | KeyedData
      | undefined;
    return new Map(
      Object.entries(object?.data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, kind === "secrets" ? "base64" : "utf8"),
      ]),
    );
  }

  /** File name → content; undefined for a volume that the program fills itself. */
  private filesOf(volume: Volume): Map<string, Buffer> | undefined {
    const chosen = (data: Map<string, Buffer>, items: KeyToPath[] | undefined) =>
      items
        ? new Map(items.flatMap((item) => (data.has(item.key) ? [[item.path, data.get(item.key)!] as const] : [])))
        : data;
    if (volume.secret) return chosen(this.data("secrets", volume.secret.secretName), volume.secret.items);
    if (volume.configMap) return chosen(this.data("configmaps", volume.configMap.name), volume.configMap.items);
    if (!volume.projected) return undefined;
    const files = new Map<string, Buffer>();
    for (const source of volume.projected.sources ?? []) {
      if (source.serviceAccountToken) files.set(source.serviceAccountToken.path, Buffer.from(this.context.token()));
      if (source.configMap)
        for (const [path, content] of chosen(this.data("configmaps", source.configMap.name), source.configMap.items))
          files.set(path, content);
      if (source.secret)
        for (const [path, content] of chosen(this.data("secrets", source.secret.name), source.secret.items))
          files.set(path, content);
      for (const item of source.downwardAPI?.items ?? [])
        files.set(item.path, Buffer.from(this.field(item.fieldRef?.fieldPath ?? "")));
    }
    return files;
  }

  private field(path: string): string {
    const { metadata, spec, status } = this.context.pod;
    switch (path) {
      case "metadata.name":
        return metadata.name;
      case "metadata.namespace":
        return metadata.namespace ?? "";
      case "metadata.uid":
        return metadata.uid ?? "";
      case "spec.nodeName":
        return spec.nodeName ?? "";
      case "spec.serviceAccountName":
        return spec.serviceAccountName ?? "";
      case "status.podIP":
        return status?.podIP ?? "";
      case "status.hostIP":
        return status?.hostIP ?? "";
      default:
        return "";
    }
  }

  /** The place on this machine of a path inside the container: the same path below the folder of the volume that is mounted there. */
  private mounted(container: Container, path: string): string {
    let best: { name: string; mountPath: string } | undefined;
    for (const mount of container.volumeMounts ?? []) {
      const isBelow = path === mount.mountPath || path.startsWith(`${mount.mountPath.replace(/\/$/, "")}/`);
      if (isBelow && (!best || mount.mountPath.length > best.mountPath.length)) best = mount;
    }
    if (!best) return path;
    return join(this.context.folder, "volumes", best.name, path.slice(best.mountPath.length));
  }

  private environment(container: Container): Record<string, string> {
    const values: Record<string, string> = {};
    for (const source of container.envFrom ?? []) {
      const data = source.secretRef
        ? this.data("secrets", source.secretRef.name)
        : this.data("configmaps", source.configMapRef?.name);
      for (const [key, value] of data) values[`${source.prefix ?? ""}${key}`] = value.toString("utf8");
    }
    for (const { name, value, valueFrom } of container.env ?? []) {
      if (value !== undefined) values[name] = this.mounted(container, value);
      else if (valueFrom?.fieldRef) values[name] = this.field(valueFrom.fieldRef.fieldPath);
      else if (valueFrom?.secretKeyRef) {
        const held = this.data("secrets", valueFrom.secretKeyRef.name).get(valueFrom.secretKeyRef.key);
        if (held) values[name] = held.toString("utf8");
      } else if (valueFrom?.configMapKeyRef) {
        const held = this.data("configmaps", valueFrom.configMapKeyRef.name).get(valueFrom.configMapKeyRef.key);
        if (held) values[name] = held.toString("utf8");
      }
    }
    const mounted = (path: string) => this.mounted(container, path);
    return {
      ...values,
      ...this.program.environment?.(mounted),
      KUBERNETES_SERVICE_HOST: this.context.api.host,
      KUBERNETES_SERVICE_PORT: String(this.context.api.port),
      KUBERNETES_SERVICE_PORT_HTTPS: String(this.context.api.port),
      HOSTNAME: this.context.pod.metadata.name,
      HOME: this.context.folder,
      TMPDIR: this.context.folder,
      PATH: process.env.PATH ?? "",
    };
  }

  private spawn(): void {
    if (this.isStopped) return;
    const { pod } = this.context;
    const container = pod.spec.containers.find((candidate) => this.program.runs(candidate.image ?? ""))!;
    const [file = "", ...fixed] = this.program.command;
    const args = [...fixed, ...(container.args ?? []).map((argument) => this.mountedArgument(container, argument))];
    // Nothing of our own environment goes in: a pod knows only what its manifest gives it.
    const child = spawn(file, args, {
      cwd: this.context.folder,
      env: this.environment(container) as NodeJS.ProcessEnv,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    const keep = (chunk: Buffer) => {
      this.log = (this.log + chunk.toString("utf8")).slice(-LOG_LENGTH);
      this.context.log(chunk.toString("utf8").trimEnd());
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    child.once("error", (error) => keep(Buffer.from(`could not start ${file}: ${error.message}\n`)));
    child.once("spawn", () => {
      this.context.onProcess(child.pid!, true);
      this.context.report(true, this.restarts);
    });
    child.once("exit", () => this.context.onProcess(child.pid!, false));
    child.once("close", (code, signal) => {
      if (this.isStopped) return;
      keep(Buffer.from(`${pod.metadata.name} ended (${signal ?? code}); starting it again\n`));
      this.context.report(false, this.restarts);
      const delay = Math.min(FIRST_BACKOFF_MS * 2 ** this.restarts, LONGEST_BACKOFF_MS);
      this.restarts++;
      this.backoff = setTimeout(() => this.spawn(), delay);
    });
  }

  private mountedArgument(container: Container, argument: string): string {
    const at = argument.indexOf("=");
    return argument.startsWith("--") && at > 0
      ? `${argument.slice(0, at + 1)}${this.mounted(container, argument.slice(at + 1))}`
      : this.mounted(container, argument);
  }
}
