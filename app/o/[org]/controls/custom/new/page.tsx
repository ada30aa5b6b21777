import type { Metadata } from "next";
import { CustomControlEditor } from "@/components/custom-control/editor";
import { PageBody, PageHead } from "@/components/ui/page";
import { openCustomControlEditor } from "@/lib/server/custom-controls";
import { load } from "../../../load";
import { requirePagePrincipal } from "../../../principal";

export const metadata: Metadata = { title: "New control" };

export default async function NewCustomControlPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const { data, refused } = await load(openCustomControlEditor(await requirePagePrincipal(org)));
  if (refused) return refused;
  return (
    <>
      <PageHead title="New control">An expression over objects of a kind, tried before it counts.</PageHead>
      <PageBody>
        <CustomControlEditor
          organization={org}
          initial={null}
          basedOn={null}
          choices={data.choices}
          mayWrite={data.mayWrite}
        />
      </PageBody>
    </>
  );
}
