import { redirect } from "next/navigation";
import { isAssessor } from "@/components/shell/navigation";
import { requirePagePrincipal } from "@/lib/server/principal";

/** An assessor begins with the requirements, everybody else with the fleet. */
export default async function OrganizationPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const principal = await requirePagePrincipal(org);
  const first = isAssessor(principal.roles.map((held) => held.role)) ? "requirements" : "clusters";
  redirect(`/o/${org}/${first}`);
}
