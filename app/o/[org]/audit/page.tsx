import type { Metadata } from "next";
import { AuditTable } from "@/components/audit/audit-table";
import { IgnoredNote } from "@/components/ignored-note";
import { readQuery } from "@/components/query";
import type { SearchParams } from "@/components/ui/address";
import { FilterBar } from "@/components/ui/filter-bar";
import { PageBody, PageHead } from "@/components/ui/page";
import { auditQuery } from "@/lib/api/organizations";
import { listAudit } from "@/lib/server/audit-list";
import { load } from "../load";
import { requirePagePrincipal } from "../principal";

export const metadata: Metadata = { title: "Audit trail" };

export default async function AuditPage({
  params,
  searchParams,
}: {
  params: Promise<{ org: string }>;
  searchParams: Promise<SearchParams>;
}) {
  const { org } = await params;
  const search = await searchParams;
  const principal = await requirePagePrincipal(org);
  const { query, ignored } = readQuery(auditQuery, { pageSize: "30", ...search });
  const { data, refused } = await load(listAudit(principal, query));
  if (refused) return refused;
  const path = `/o/${org}/audit`;
  return (
    <>
      <PageHead title="Audit trail">
        Every change, every refusal, every download, and every page that an assessor opens. Entries are only ever added,
        and each carries the hash of the one before it.
      </PageHead>
      <PageBody>
        <IgnoredNote path={path} params={search} ignored={ignored} />
        <FilterBar
          keep={["action", "actor"]}
          choices={[
            {
              name: "outcome",
              label: "Outcome",
              any: "Any outcome",
              options: [
                { value: "done", label: "Done" },
                { value: "refused", label: "Refused" },
                { value: "failed", label: "Failed" },
              ],
            },
          ]}
        />
        <AuditTable path={path} params={search} page={data} clearHref={path} />
      </PageBody>
    </>
  );
}
