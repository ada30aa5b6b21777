import { Lock } from "lucide-react";
import type { Metadata } from "next";
import { RegisterWizard } from "@/components/register/register-wizard";
import type { SearchParams } from "@/components/ui/address";
import { Message } from "@/components/ui/states";
import { listProjects } from "@/lib/server/projects";
import { allowsSomewhere, projectsWith } from "@/lib/server/principal";
import { load } from "../../load";
import { recordPage, requirePagePrincipal } from "../../principal";

export const metadata: Metadata = { title: "Register a cluster" };

export default async function RegisterPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const { project } = await searchParams;
  const principal = await requirePagePrincipal(org);
  if (!allowsSomewhere(principal, "cluster:register")) {
    await recordPage("refused");
    return (
      <Message level={1} icon={Lock} title="Your role can't register clusters">
        An owner or a platform engineer of the project can.
      </Message>
    );
  }
  const { data, refused } = await load(listProjects(principal));
  if (refused) return refused;
  const allowed = projectsWith(principal, "cluster:register");
  const projects = data.items.filter((each) => allowed === null || allowed.includes(each.id));
  return (
    <RegisterWizard organization={org} projects={projects} preselected={typeof project === "string" ? project : null} />
  );
}
