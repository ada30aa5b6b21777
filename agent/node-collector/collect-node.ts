/**
 * Reads one node: the files of places.ts and those that the API server's flags name, parsed and redacted here, on the node. What
 * leaves it is a NodeReport, projected once more through the allow-list that the agent uses for it.
 */
import { X509Certificate } from "node:crypto";
import { AuditPolicyProblem, parseAuditPolicy } from "@/lib/inventory/audit-policy";
import {
  readAdmissionConfiguration,
  readAuthenticationConfiguration,
  readAuthorizationConfiguration,
  readEncryptionConfiguration,
  readKubeletConfiguration,
} from "@/lib/inventory/host-files/documents";
import {
  readEtcdConfig,
  readKubeletFlags,
  readServerConfig,
  readTimeServers,
} from "@/lib/inventory/host-files/settings";
import type { NodeCertificate } from "@/lib/inventory/imported-control-plane";
import { ImportProblem, parseYamlDocument } from "@/lib/inventory/imports/types";
import type { CustomObject } from "@/lib/inventory/kinds";
import { type NodeReportFile, type NodeReportSpec, nodeReport } from "@/lib/inventory/node-reports";
import { projectObject } from "@/lib/inventory/redaction";
import { CertificateProblem, factsOfCertificate } from "@/lib/inventory/x509";
import type { Host } from "./host";
import {
  ALLOWED_FOLDERS,
  API_SERVER_MANIFESTS,
  CERTIFICATES,
  CHRONY_CONFIGS,
  CHRONY_DRIFT,
  CLOSED_FILES,
  ETCD_CONFIGS,
  K3S_ENCRYPTION,
  KUBELET_CONFIG,
  KUBELET_ENVIRONMENTS,
  KUBELET_UNITS,
  SERVER_CONFIGS,
  TIMESYNCD_CONFIG,
  TIMESYNCD_MARK,
} from "./places";
import { type FileRole, filesOfStaticPod } from "./static-pod";

/** A time service that hasn't been synchronised for longer isn't. */
const TIME_MAX_AGE_MS = 25 * 3_600_000;

export interface CollectNodeOptions {
  nodeName: string;
  version: string;
  now: Date;
}

/** What was read on the node as a NodeReport. */
export async function collectNode(host: Host, options: CollectNodeOptions): Promise<CustomObject> {
  const reader = new Reader(host);
  const spec: NodeReportSpec = {
    nodeName: options.nodeName,
    collectedAt: options.now.toISOString(),
    collectorVersion: options.version,
    files: reader.files,
  };
  await readControlPlane(reader, spec);
  await readKubelet(reader, spec);
  await readCertificates(reader, spec);
  for (const { role, path } of CLOSED_FILES) await reader.look(role, path);
  await readTime(reader, spec, options.now);
  const { object, problems } = projectObject("node-reports", nodeReport(spec), "node collector");
  const [problem] = problems;
  if (object === undefined) throw new Error(`the report is not valid: ${problem?.problem ?? "no reason given"}`);
  return object;
}

/** Reads files and notes for each what became of it. */
class Reader {
  readonly files: NodeReportFile[] = [];
  constructor(private readonly host: Host) {}

  /** Owner and mode only. Absent files that only might be there are left out. */
  async look(role: string, path: string): Promise<{ isThere: boolean; modifiedAt: string }> {
    const { state, modifiedAt = "", ...owner } = await this.host.look(path);
    if (state === "absent") return { isThere: false, modifiedAt };
    this.files.push({ path, role, state: state === "present" ? "read" : "refused", ...owner });
    return { isThere: state === "present", modifiedAt };
  }

  /** The content read by `parse`; null when it is absent, refused or invalid, which `files` says. `isExpected`: absence is noted, too. */
  async read<T>(role: string, path: string, parse: (text: string) => T, isExpected = false): Promise<T | null> {
    const { state, modifiedAt: _, ...owner } = await this.host.look(path);
    if (state === "absent") {
      if (isExpected) this.files.push({ path, role, state: "absent" });
      return null;
    }
    const text = state === "present" ? await this.host.read(path) : null;
    if (text === null) {
      this.files.push({ path, role, state: "refused", problem: "could not be read", ...owner });
      return null;
    }
    try {
      const parsed = parse(text);
      this.files.push({ path, role, state: "read", ...owner });
      return parsed;
    } catch (error) {
      this.files.push({ path, role, state: "invalid", problem: problemOf(error), ...owner });
      return null;
    }
  }

  refuse(role: string, path: string, problem: string): void {
    this.files.push({ path, role, state: "refused", problem });
  }
}

/** The place in the file at most: a message may repeat what stands there, and that may be a key. */
function problemOf(error: unknown): string {
  const place = error instanceof ImportProblem ? /^([A-Za-z.[\]0-9]{1,200}): /.exec(error.message)?.[1] : undefined;
  return place === undefined ? "is not a document of its kind" : `${place} is not valid`;
}

async function readControlPlane(reader: Reader, spec: NodeReportSpec): Promise<void> {
  const files = new Map<FileRole, string>();
  for (const { path } of API_SERVER_MANIFESTS) {
    const named = await reader.read("static-pod", path, (text) => filesOfStaticPod(parseYamlDocument(text)));
    for (const [role, file] of named ?? []) files.set(role, file);
  }
  for (const { distribution, path } of SERVER_CONFIGS) {
    const server = await reader.read("server-configuration", path, (text) =>
      readServerConfig(text.trim() === "" ? {} : parseYamlDocument(text), distribution),
    );
    if (server === null) continue;
    spec.server = { path, ...server };
    if (distribution !== "k3s") continue;
    if (!files.has("encryption-configuration")) files.set("encryption-configuration", K3S_ENCRYPTION);
    for (const { component, name, value } of server.arguments) {
      if (component === "kube-apiserver" && name === "audit-policy-file") files.set("audit-policy", value);
    }
  }
  for (const [role, path] of files) {
    if (path.includes("/../") || !ALLOWED_FOLDERS.some((folder) => path.startsWith(folder))) {
      reader.refuse(role, path, "lies outside the folders that are mounted");
      continue;
    }
    await readConfiguration(reader, spec, role, path);
  }
  for (const path of ETCD_CONFIGS) {
    const settings = await reader.read("etcd-configuration", path, (text) => readEtcdConfig(parseYamlDocument(text)));
    if (settings !== null) spec.etcd = { path, settings };
  }
}

async function readConfiguration(reader: Reader, spec: NodeReportSpec, role: FileRole, path: string): Promise<void> {
  // k3s makes its own encryption configuration only when encryption is switched on.
  const isExpected = path !== K3S_ENCRYPTION;
  const read = <T>(parse: (document: unknown) => T) =>
    reader.read(role, path, (text) => parse(parseYamlDocument(text)), isExpected);
  switch (role) {
    case "encryption-configuration": {
      const resources = await read(readEncryptionConfiguration);
      if (resources !== null) spec.encryption = { path, resources };
      return;
    }
    case "audit-policy": {
      const parsed = await read((document) => {
        try {
          return parseAuditPolicy(document);
        } catch (error) {
          throw error instanceof AuditPolicyProblem ? new ImportProblem(error.message) : error;
        }
      });
      if (parsed !== null) spec.auditPolicy = { path, ...parsed };
      return;
    }
    case "authentication-configuration": {
      const parsed = await read(readAuthenticationConfiguration);
      if (parsed !== null) spec.authentication = { path, ...parsed };
      return;
    }
    case "authorization-configuration": {
      const authorizers = await read(readAuthorizationConfiguration);
      if (authorizers !== null) spec.authorization = { path, authorizers };
      return;
    }
    case "admission-configuration": {
      const parsed = await read(readAdmissionConfiguration);
      if (parsed !== null) spec.admission = { path, ...parsed };
    }
  }
}

async function readKubelet(reader: Reader, spec: NodeReportSpec): Promise<void> {
  const settings = await reader.read("kubelet-configuration", KUBELET_CONFIG, (text) =>
    readKubeletConfiguration(parseYamlDocument(text)),
  );
  if (settings === null) return;
  const texts: string[] = [];
  let hasUnit = false;
  for (const path of KUBELET_UNITS) {
    const text = await reader.read("kubelet-unit", path, (content) => content);
    if (text === null) continue;
    hasUnit = true;
    texts.push(text);
  }
  for (const path of KUBELET_ENVIRONMENTS) {
    const text = await reader.read("kubelet-flags", path, (content) => content);
    if (text !== null) texts.push(text);
  }
  // A unit may take variables from a file that isn't mounted; then the flags aren't whole, and are left out.
  const named = texts.flatMap((text) =>
    [...text.matchAll(/^\s*EnvironmentFile=-?(\S+)/gm)].map((match) => match[1] ?? ""),
  );
  const isWhole = hasUnit && named.every((path) => KUBELET_ENVIRONMENTS.includes(path));
  spec.kubelet = { path: KUBELET_CONFIG, ...settings, ...(isWhole ? { flags: readKubeletFlags(texts) } : {}) };
}

async function readCertificates(reader: Reader, spec: NodeReportSpec): Promise<void> {
  for (const path of CERTIFICATES) {
    const certificate = await reader.read("certificate", path, (text) => new X509Certificate(text));
    if (certificate === null) continue;
    const line = (name: string) => name.split("\n").join(", ");
    (spec.certificates ??= []).push({
      path,
      subject: line(certificate.subject),
      issuer: line(certificate.issuer),
      notBefore: new Date(certificate.validFrom).toISOString(),
      notAfter: new Date(certificate.validTo).toISOString(),
      ...strengthOf(certificate.raw),
    });
  }
}

/** What is graded about key and signature; nothing for a form that our own reader doesn't take. */
function strengthOf(der: Uint8Array): Pick<NodeCertificate, "keyAlgorithm" | "keyBits" | "signatureHash"> {
  try {
    const { keyAlgorithm, keyBits, signatureHash } = factsOfCertificate(der);
    return { keyAlgorithm, signatureHash, ...(keyBits === null ? {} : { keyBits }) };
  } catch (error) {
    if (error instanceof CertificateProblem) return {};
    throw error;
  }
}

async function readTime(reader: Reader, spec: NodeReportSpec, now: Date): Promise<void> {
  const isFresh = (modifiedAt: string): boolean => now.getTime() - Date.parse(modifiedAt) <= TIME_MAX_AGE_MS;
  for (const path of CHRONY_CONFIGS) {
    const sources = await reader.read("time-configuration", path, readTimeServers);
    if (sources === null) continue;
    const drift = await reader.look("time-state", CHRONY_DRIFT);
    if (drift.isThere) spec.timeSync = { tool: "chrony", isSynchronized: isFresh(drift.modifiedAt), sources };
    return;
  }
  const sources = await reader.read("time-configuration", TIMESYNCD_CONFIG, readTimeServers);
  if (sources === null) return;
  const mark = await reader.look("time-state", TIMESYNCD_MARK);
  if (mark.isThere) spec.timeSync = { tool: "systemd-timesyncd", isSynchronized: isFresh(mark.modifiedAt), sources };
}
