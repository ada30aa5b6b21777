import { Boxes, ListChecks, type LucideIcon, Network, ScrollText, ShieldCheck, CircleAlert, Users } from "lucide-react";
import { can, isAssessor, type Permission, type Role } from "@/lib/access";

export interface NavItem {
  id: string;
  label: string;
  path: string;
  icon: LucideIcon;
  permission: Permission;
  /** The lens applies to it and is carried there. */
  lens: boolean;
}
export interface NavGroup {
  label: string;
  items: readonly NavItem[];
}

const CLUSTERS: NavItem = {
  id: "clusters",
  label: "Clusters",
  path: "clusters",
  icon: Boxes,
  permission: "cluster:read",
  lens: true,
};
const REQUIREMENTS: NavItem = {
  id: "requirements",
  label: "Requirements",
  path: "requirements",
  icon: ListChecks,
  permission: "requirement:read",
  lens: true,
};
const CONTROLS: NavItem = {
  id: "controls",
  label: "Controls",
  path: "controls",
  icon: ShieldCheck,
  permission: "control:read",
  lens: true,
};
const FINDINGS: NavItem = {
  id: "findings",
  label: "Findings",
  path: "findings",
  icon: CircleAlert,
  permission: "finding:read",
  lens: true,
};
const SCOPE: NavItem = {
  id: "scope",
  label: "Scope",
  path: "scope",
  icon: Network,
  permission: "scope:read",
  lens: true,
};
const AUDIT: NavItem = {
  id: "audit",
  label: "Audit trail",
  path: "audit",
  icon: ScrollText,
  permission: "audit:read",
  lens: false,
};
const MEMBERS: NavItem = {
  id: "members",
  label: "Members",
  path: "members",
  icon: Users,
  permission: "member:read",
  lens: false,
};

const EVERYBODY: readonly NavGroup[] = [
  { label: "Fleet", items: [CLUSTERS] },
  { label: "Assess", items: [REQUIREMENTS, CONTROLS, FINDINGS] },
  { label: "Scope", items: [SCOPE] },
  { label: "Organization", items: [AUDIT, MEMBERS] },
];
/** An assessor begins with the requirements. */
const ASSESSOR: readonly NavGroup[] = [
  { label: "Assess", items: [REQUIREMENTS, CONTROLS, FINDINGS] },
  { label: "Scope", items: [SCOPE, CLUSTERS] },
  { label: "Evidence", items: [AUDIT] },
];

/** What the roles may open, in the order in which their work goes. What they can't open isn't shown. */
export function navigationFor(roles: readonly Role[]): NavGroup[] {
  return (isAssessor(roles) ? ASSESSOR : EVERYBODY)
    .map((group) => ({
      ...group,
      items: group.items.filter((item) => roles.some((role) => can(role, item.permission))),
    }))
    .filter((group) => group.items.length > 0);
}

export const ROLE_WORDS: Record<Role, string> = {
  owner: "Owner",
  complianceOfficer: "Compliance officer",
  platformEngineer: "Platform engineer",
  assessor: "Assessor · read-only",
};
