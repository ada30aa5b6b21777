/** Ports whose usual protocol is in the clear or has no place in the CDE, and the look-up of what was approved for them. */
import type { EvaluationContext, EvidencePointer } from "./types";
import { isApprovedAt } from "@/lib/inventory/registers";
import type { ServicePortEntry } from "@/lib/inventory/registers/service-ports";
import { CLUSTER_REF } from "./types";

/** IANA's registered services of the catalogue's list. */
const INSECURE: ReadonlyMap<number, string> = new Map([
  [20, "ftp-data"],
  [21, "ftp"],
  [23, "telnet"],
  [25, "smtp"],
  [69, "tftp"],
  [80, "http"],
  [110, "pop3"],
  [111, "rpcbind"],
  [137, "netbios"],
  [138, "netbios"],
  [139, "netbios"],
  [143, "imap"],
  [161, "snmp"],
  [389, "ldap"],
  [445, "smb"],
  [512, "rexec"],
  [513, "rlogin"],
  [514, "rsh or syslog"],
  [873, "rsync"],
  [2049, "nfs"],
  [5900, "vnc"],
]);
export const SSH = 22;
const DATABASES: ReadonlyMap<number, string> = new Map([
  [1433, "SQL Server"],
  [3306, "MySQL"],
  [5432, "PostgreSQL"],
  [6379, "Redis"],
  [9092, "Kafka"],
  [9200, "Elasticsearch"],
  [27017, "MongoDB"],
]);

/** The insecure protocol that usually speaks on the port; null for any other. SSH is encrypted, but a way into a container. */
export function insecureProtocol(port: number): string | null {
  return INSECURE.get(port) ?? (port === SSH ? "ssh" : null);
}
/** Listed ports within a range, both ends included. */
export function insecureWithin(first: number, last: number): number[] {
  return [SSH, ...INSECURE.keys()].filter((port) => port >= first && port <= last).sort((a, b) => a - b);
}
export function databaseProtocol(port: number): string | null {
  return DATABASES.get(port) ?? null;
}

/** Administration pages that have no place in the CDE unless somebody needs them. */
export const DASHBOARD_IMAGE =
  /(?:^|[/-])(?:kubernetesui\/dashboard|kubernetes-dashboard|dashboard-(?:api|web|auth)|weaveworks\/scope|headlamp|octant|portainer|phpmyadmin|adminer|pgadmin4?|mongo-express|redis-commander|kubeview)(?:[-:@/]|$)/i;

export interface PortApproval {
  entry: ServicePortEntry;
  evidence: EvidencePointer;
}
/** The entry of the register that holds for the port now; one without a Service's name covers the whole namespace. */
export function findPortApproval(
  { registers, asOf }: EvaluationContext,
  question: { namespace: string; names: readonly string[]; port: number; transport: string },
): PortApproval | null {
  for (const [i, entry] of (registers?.servicePorts ?? []).entries()) {
    if (entry.namespace !== question.namespace || entry.port !== question.port) continue;
    if (entry.transport !== question.transport || !isApprovedAt(entry, asOf)) continue;
    if (entry.service !== undefined && !question.names.includes(entry.service)) continue;
    const found = `${entry.protocol}: ${entry.reason} (approved by ${entry.approvedBy} at ${entry.approvedAt})`;
    return { entry, evidence: { ref: CLUSTER_REF, pointer: `/registers/servicePorts/${i}`, found } };
  }
  return null;
}
