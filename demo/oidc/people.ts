/** The four people of the demo. They exist in the local issuer only. */
import type { Role } from "@/lib/access";

export interface Person {
  subject: string;
  name: string;
  email: string;
  title: string;
  role: Role;
  groups: readonly string[];
  /** Authentication methods (RFC 8176) that the issuer says it used. */
  amr: readonly string[];
}

export const PEOPLE: readonly Person[] = [
  {
    subject: "olivia",
    name: "Olivia Hart",
    email: "olivia@meridian.example",
    title: "Owner of the platform",
    role: "owner",
    groups: ["platform-owners"],
    amr: ["pwd", "hwk", "mfa"],
  },
  {
    subject: "ines",
    name: "Ines Moreau",
    email: "ines@meridian.example",
    title: "Compliance officer",
    role: "complianceOfficer",
    groups: ["compliance"],
    amr: ["pwd", "otp", "mfa"],
  },
  {
    subject: "petr",
    name: "Petr Novak",
    email: "petr@meridian.example",
    title: "Platform engineer",
    role: "platformEngineer",
    groups: ["platform-team", "platform-oncall"],
    amr: ["pwd", "hwk", "mfa"],
  },
  {
    subject: "tomas",
    name: "Tomas Lindqvist",
    email: "tomas@qsa.example",
    title: "Assessor (QSA)",
    role: "assessor",
    groups: ["external-assessors"],
    amr: ["pwd", "otp", "mfa"],
  },
];
