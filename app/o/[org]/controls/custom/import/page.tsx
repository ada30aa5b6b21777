import type { Metadata } from "next";
import { ImportView } from "@/components/custom-control/import-view";
import { PageBody, PageHead } from "@/components/ui/page";
import { openCustomControlEditor } from "@/lib/server/custom-controls";
import { load } from "../../../load";
import { requirePagePrincipal } from "../../../principal";

export const metadata: Metadata = { title: "Import a policy" };

export default async function ImportPolicyPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const { data, refused } = await load(openCustomControlEditor(await requirePagePrincipal(org)));
  if (refused) return refused;
  return (
    <>
      <PageHead title="Import a policy">
        What a ValidatingAdmissionPolicy asks of what comes in, asked of what is there.
      </PageHead>
      <PageBody>
        <ImportView organization={org} choices={data.choices} mayWrite={data.mayWrite} />
      </PageBody>
    </>
  );
}
