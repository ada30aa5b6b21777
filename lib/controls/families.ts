/** The families of the catalogue, in its order: the first part of every control's id, and what it is about. */
export interface ControlFamily {
  /** As in `net-default-deny-ingress`: stored in ids, so for ever. */
  id: string;
  title: string;
}

export const CONTROL_FAMILIES: readonly ControlFamily[] = [
  { id: "scp", title: "Scope" },
  { id: "net", title: "Network" },
  { id: "tls", title: "Encryption in transit" },
  { id: "pod", title: "Workload hardening" },
  { id: "adm", title: "Admission" },
  { id: "iso", title: "Isolation" },
  { id: "img", title: "Images" },
  { id: "sec", title: "Secrets" },
  { id: "sto", title: "Storage and backups" },
  { id: "rbac", title: "Access rights" },
  { id: "auth", title: "Authentication" },
  { id: "cp", title: "Control plane" },
  { id: "node", title: "Nodes" },
  { id: "log", title: "Audit log" },
  { id: "mon", title: "Monitoring" },
  { id: "chg", title: "Change" },
  { id: "ver", title: "Versions" },
];

/** What an organization adds; no family of the catalogue. */
export const CUSTOM_FAMILY: ControlFamily = { id: "custom", title: "The organization's own" };

/** The family of a control's id; one that the catalogue doesn't have is named as it is. */
export function familyOf(controlId: string): ControlFamily {
  const [id = controlId] = controlId.split("-", 1);
  if (id === CUSTOM_FAMILY.id) return CUSTOM_FAMILY;
  return CONTROL_FAMILIES.find((family) => family.id === id) ?? { id, title: id };
}
