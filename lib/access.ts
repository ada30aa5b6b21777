/**
 * Who may do what: the whole permission table on one screen, read by server and browser alike.
 *
 * A permission is `noun:verb`. A role is held in an organization or in one of its projects. An assessor (QSA) reads
 * everything inside an engagement and writes only `request:*`, `note:*` and `package:create` (PCI DSS 7.2.1, 7.2.2).
 */
export const ROLES = ["owner", "complianceOfficer", "platformEngineer", "assessor"] as const;
export type Role = (typeof ROLES)[number];

const READ = [
  "organization:read",
  "project:read",
  "cluster:read",
  "scan:read",
  "requirement:read",
  "control:read",
  "result:read",
  "finding:read",
  "scope:read",
  "package:read",
  "import:read",
] as const;

export const PERMISSIONS = [
  ...READ,
  "member:read",
  "member:invite",
  "audit:read",
  "cluster:register",
  "cluster:update",
  "cluster:revoke",
  "cluster:delete",
  "cluster:rescan",
  "finding:triage",
  "scope:update",
  "import:create",
  "import:withdraw",
  "register:update",
  "catalog:activate",
  "customControl:write",
  "customControl:try",
  "project:create",
  "package:create",
  "request:create",
  "note:create",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

const ROLE_PERMISSIONS: Record<Role, readonly Permission[]> = {
  owner: PERMISSIONS.filter((p) => p !== "note:create"),
  complianceOfficer: [
    ...READ,
    "member:read",
    "audit:read",
    "cluster:rescan",
    "finding:triage",
    "scope:update",
    "import:create",
    "import:withdraw",
    "register:update",
    "catalog:activate",
    "customControl:write",
    "customControl:try",
    "package:create",
  ],
  platformEngineer: [
    ...READ,
    "cluster:register",
    "cluster:update",
    "cluster:revoke",
    "cluster:rescan",
    "finding:triage",
    // Facts only: what was approved (register:update) is not decided by whoever needs the approval.
    "import:create",
    "import:withdraw",
    // A draft may be written and tried by whoever knows the clusters; what counts is not saved by whom it judges.
    "customControl:try",
  ],
  assessor: [...READ, "audit:read", "request:create", "note:create", "package:create"],
};

/** True if somebody who holds `role` may do `permission`. */
export function can(role: Role, permission: Permission): boolean {
  return ROLE_PERMISSIONS[role].includes(permission);
}

/** Every role that may do `permission`, for the sentence "who could do this instead". */
export function rolesThatCan(permission: Permission): Role[] {
  return ROLES.filter((role) => can(role, permission));
}

/** True if somebody who holds these roles is here as an assessor and nothing else: what they open is recorded. */
export function isAssessor(roles: readonly Role[]): boolean {
  return roles.length > 0 && roles.every((role) => role === "assessor");
}
