import { redirect } from "next/navigation";
import { isAssessor } from "@/lib/access";
import { requirePagePrincipal } from "./principal";

/** An assessor begins with the requirements, everybody else with the fleet. */
export default async function OrganizationPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const principal = await requirePagePrincipal(org);
  const first = isAssessor(principal.roles.map((held) => held.role)) ? "requirements" : "clusters";
  redirect(`/o/${org}/${first}`);
}
