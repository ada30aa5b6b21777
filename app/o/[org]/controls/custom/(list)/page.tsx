import type { Metadata } from "next";
import Link from "next/link";
import { CustomControlTable } from "@/components/custom-control/custom-control-table";
import { buttonClass } from "@/components/ui/button";
import { PageBody, PageHead } from "@/components/ui/page";
import { listCustomControls } from "@/lib/server/custom-controls";
import { load } from "../../../load";
import { requirePagePrincipal } from "../../../principal";

export const metadata: Metadata = { title: "Own controls" };

export default async function CustomControlsPage({ params }: { params: Promise<{ org: string }> }) {
  const { org } = await params;
  const { data, refused } = await load(listCustomControls(await requirePagePrincipal(org)));
  if (refused) return refused;
  const path = `/o/${org}/controls/custom`;
  return (
    <>
      <PageHead
        title="Own controls"
        actions={
          data.mayTry ? (
            <>
              <Link prefetch={false} className={buttonClass({})} href={`${path}/import`}>
                Import a policy
              </Link>
              <Link prefetch={false} className={buttonClass({ tone: "primary" })} href={`${path}/new`}>
                New control
              </Link>
            </>
          ) : null
        }
      >
        What the organization asks of its clusters beside the catalogue, in the language of admission policies. They run
        with every scan, are marked as its own, and are listed whole in the evidence.
      </PageHead>
      <PageBody>
        <CustomControlTable organization={org} page={data} />
      </PageBody>
    </>
  );
}
