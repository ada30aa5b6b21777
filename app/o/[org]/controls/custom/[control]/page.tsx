import type { Metadata } from "next";
import { CustomControlPage } from "@/components/custom-control/control-page";
import { getCustomControl, getCustomControlChoices } from "@/lib/server/custom-controls";
import { load } from "../../../load";
import { requirePagePrincipal } from "../../../principal";

export const metadata: Metadata = { title: "Own control" };

export default async function OwnControlPage({ params }: { params: Promise<{ org: string; control: string }> }) {
  const { org, control } = await params;
  const principal = await requirePagePrincipal(org);
  const { data, refused } = await load(
    getCustomControl(principal, control).then(async (detail) => ({
      detail,
      choices: await getCustomControlChoices(principal),
    })),
  );
  if (refused) return refused;
  return <CustomControlPage organization={org} control={data.detail} choices={data.choices} />;
}
