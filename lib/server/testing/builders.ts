/** Organizations, people and principals for tests, made through the same functions as real ones. */
import { randomBytes, randomUUID } from "node:crypto";
import type { Role } from "@/lib/access";
import { withOrganization } from "../db/organization";
import { useWebEnvironment, type WebEnvironment } from "../env";
import { acceptInvitation } from "../invitations";
import { createOrganization } from "../organizations";
import { type Principal, resolvePrincipal } from "../principal";
import { openSession } from "../session";

export interface TestOrganization {
  id: string;
  slug: string;
  /** Project slug → id. */
  projects: Record<string, string>;
  /** Still open. */
  ownerInvitation: string;
}

const unique = () => randomBytes(4).toString("hex");

/** An organization with the projects pci-production and development, unless others are named. */
export async function makeOrganization(
  options: { slug?: string; projects?: string[] } = {},
): Promise<TestOrganization> {
  const slug = options.slug ?? `org-${unique()}`;
  const names = options.projects ?? ["pci-production", "development"];
  const made = await createOrganization({ slug, name: slug, projects: names.map((name) => ({ slug: name, name })) });
  const rows = await withOrganization(made.organizationId, (tx) => tx.project.findMany());
  return {
    id: made.organizationId,
    slug,
    projects: Object.fromEntries(rows.map((row) => [row.slug, row.id])),
    ownerInvitation: made.invitation.token,
  };
}

export interface TestPerson {
  id: string;
  name: string;
  /** The token of a living session, as the cookie carries it. */
  token: string;
}

/** Somebody who has just signed in at an issuer; no member of anything. */
export async function makePerson(name = `Person ${unique()}`, now: Date = new Date()): Promise<TestPerson> {
  const { token, personId } = await openSession(
    {
      issuer: "https://issuer.example",
      subject: randomUUID(),
      name,
      email: null,
      authenticatedAt: now,
      amr: ["pwd", "otp"],
      acr: null,
      groups: [],
      idTokenSealed: null,
    },
    { origin: "192.0.2.1", userAgent: "test", requestId: null },
    null,
    now,
  );
  return { id: personId, name, token };
}

/** A person with a role in the organization, or in one of its projects, and their principal. */
export async function makePrincipal(
  organization: TestOrganization,
  role: Role,
  options: { project?: string; name?: string } = {},
): Promise<Principal & { token: string }> {
  const person = await makePerson(options.name);
  await giveRole(organization, person, role, options.project);
  const principal = await resolvePrincipal(person.token, organization.slug, {
    origin: "192.0.2.1",
    requestId: randomUUID(),
  });
  return { ...principal, token: person.token };
}

/** The first owner redeems the invitation; everybody else's membership is written directly, which is not what is tested. */
async function giveRole(
  organization: TestOrganization,
  person: TestPerson,
  role: Role,
  project?: string,
): Promise<void> {
  if (role === "owner" && project === undefined) {
    const taken = await acceptInvitation(person, organization.ownerInvitation, { origin: null, requestId: null }).catch(
      () => null,
    );
    if (taken !== null) return;
  }
  const projectId = project === undefined ? null : organization.projects[project];
  if (projectId === undefined) throw new Error(`The organization has no project ${project}.`);
  await withOrganization(organization.id, (tx) =>
    tx.membership.create({ data: { orgId: organization.id, personId: person.id, role, projectId } }),
  );
}

/** Settings of a server on http://localhost, for tests that call route handlers; nothing listens there. */
export function useTestEnvironment(changes: Partial<WebEnvironment> = {}): WebEnvironment {
  const environment: WebEnvironment = {
    databaseUrl: "postgresql://unused",
    ingestDatabaseUrl: "postgresql://unused",
    sessionSecret: "a secret that is only for tests, 48 characters..",
    origin: "http://localhost:3000",
    isLocal: true,
    oidc: { issuer: "http://localhost:4000", clientId: "ringfence", clientSecret: "client-secret", idTokenAlg: null },
    agentImage: "registry.example.com/ringfence/agent:test",
    proxyHops: 0,
    ...changes,
  };
  useWebEnvironment(environment);
  return environment;
}
