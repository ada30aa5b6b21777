import type { Metadata } from "next";
import type { ReactNode } from "react";
import { Shell } from "@/components/shell/shell";
import { type Principal } from "@/lib/server/principal";
import { getShellFacts } from "@/lib/server/shell";
import { requirePagePrincipal } from "./principal";

export async function generateMetadata({ params }: { params: Promise<{ org: string }> }): Promise<Metadata> {
  const principal = await requirePagePrincipal((await params).org);
  return {
    title: { default: principal.organization.name, template: `%s · ${principal.organization.name} · Ringfence` },
  };
}

/** What stands around every page. It guards nothing: each page asks for its own principal. */
export default async function OrganizationLayout({
  params,
  children,
}: {
  params: Promise<{ org: string }>;
  children: ReactNode;
}) {
  const { org } = await params;
  const principal = await requirePagePrincipal(org);
  const { projects, openFindings } = await getShellFacts(principal);
  return (
    <Shell
      organization={principal.organization}
      person={{ name: principal.person.name, roles: principal.roles.map((held) => held.role) }}
      session={timeLeft(principal)}
      projects={projects}
      openFindings={openFindings}
      signOutPath="/api/auth/sign-out"
    >
      {children}
    </Shell>
  );
}

/** What is left of the session by the server's clock; the browser counts down from there. */
function timeLeft({ session }: Principal): { idleLeftMilliseconds: number; absoluteLeftMilliseconds: number } {
  const now = Date.now();
  return {
    idleLeftMilliseconds: session.idleExpiresAt.getTime() - now,
    absoluteLeftMilliseconds: session.absoluteExpiresAt.getTime() - now,
  };
}
