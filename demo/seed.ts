/**
 * The demo's organization, made through the same functions that the product uses: the operator's command makes the organization
 * and one owner's invitation, the owner redeems it and invites the others, the owner registers the clusters.
 */
import { acceptInvitation, createInvitation } from "@/lib/server/invitations";
import { registerCluster } from "@/lib/server/clusters";
import { createOrganization } from "@/lib/server/organizations";
import { type Principal, resolvePrincipal } from "@/lib/server/principal";
import { closeSession, openSession } from "@/lib/server/session";
import { DEMO_CLUSTERS, DEMO_ORGANIZATION } from "./clusters";
import { uploadDocuments } from "./imports";
import { PEOPLE, type Person } from "./oidc/people";

const FROM = { origin: "127.0.0.1", userAgent: "ringfence-demo", requestId: null };
const ENGAGEMENT_DAYS = 180;

export interface Seeded {
  /** Cluster name → the manifest that enrols its agent. */
  manifests: Map<string, string>;
  /** Ends when what people upload is stored; meanwhile other parts may start. */
  documents: Promise<void>;
}

/** Fills an empty database. `issuer` is the local issuer, whose subjects the people are. */
export async function seed(issuer: string, now: Date = new Date()): Promise<Seeded> {
  const { invitation } = await createOrganization({
    slug: DEMO_ORGANIZATION.slug,
    name: DEMO_ORGANIZATION.name,
    projects: DEMO_ORGANIZATION.projects.map((project) => ({ ...project })),
  });
  const tokens: string[] = [];
  const signIn = async (person: Person) => {
    const opened = await openSession(
      {
        issuer,
        subject: person.subject,
        name: person.name,
        email: person.email,
        authenticatedAt: now,
        amr: [...person.amr],
        acr: null,
        groups: [...person.groups],
        idTokenSealed: null,
      },
      FROM,
      null,
    );
    tokens.push(opened.token);
    return opened;
  };
  const ownerSession = await signIn(PEOPLE[0]!);
  await acceptInvitation({ id: ownerSession.personId, name: PEOPLE[0]!.name }, invitation.token, FROM);
  const owner: Principal = await resolvePrincipal(ownerSession.token, DEMO_ORGANIZATION.slug, FROM);
  let officerToken = ownerSession.token;
  for (const person of PEOPLE.slice(1)) {
    const issued = await createInvitation(owner, {
      role: person.role,
      note: person.title,
      // An assessor's access ends with the engagement.
      ...(person.role === "assessor"
        ? { membershipExpiresAt: new Date(now.getTime() + ENGAGEMENT_DAYS * 86_400_000).toISOString() }
        : {}),
    });
    const { personId, token } = await signIn(person);
    await acceptInvitation({ id: personId, name: person.name }, issued.token, FROM);
    if (person.role === "complianceOfficer") officerToken = token;
  }
  const manifests = new Map<string, string>();
  for (const { name, project, provider } of DEMO_CLUSTERS) {
    manifests.set(name, (await registerCluster(owner, { name, project, provider })).manifest);
  }
  const officer = await resolvePrincipal(officerToken, DEMO_ORGANIZATION.slug, FROM);
  const upload = async () => {
    await uploadDocuments(officer, [...manifests.keys()], now);
    for (const token of tokens) await closeSession(token, FROM);
  };
  return { manifests, documents: upload() };
}
