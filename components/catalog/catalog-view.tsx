"use client";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { CatalogActivated, CatalogPage } from "@/lib/api/catalog";
import { Button } from "@/components/ui/button";
import { Note } from "@/components/ui/note";
import { PageHead, RailBox, WithRail } from "@/components/ui/page";
import { useToast } from "@/components/ui/toast";
import { useLive, useRefresh } from "../live";
import { Problem } from "../problem";
import { request } from "../request";
import { Moment } from "../status/moment";
import { CatalogChanges } from "./catalog-changes";
import { CatalogEffects } from "./catalog-effects";

const ConfirmDialog = dynamic(() => import("@/components/ui/confirm-dialog").then((module) => module.ConfirmDialog), {
  ssr: false,
});
const describeProblem = (error: unknown) => <Problem error={error} />;

/** Which version of the catalogue the organization works with, what the new one changes, and the act of taking it. */
export function CatalogView({ organization, initial }: { organization: string; initial: CatalogPage }) {
  const api = `/api/o/${organization}/catalog`;
  const [isPreviewing, setPreviewing] = useState(false);
  const [asking, setAsking] = useState(false);
  const { data } = useLive<CatalogPage>(api, initial, (page) => isPreviewing && isWaiting(page));
  const toast = useToast();
  const refresh = useRefresh();
  const { active, shipped, changes } = data;

  const preview = () => {
    setPreviewing(true);
    request(`${api}/preview`, { method: "POST" }).then(refresh, (error: unknown) => {
      setPreviewing(false);
      toast({ tone: "problem", title: "The effect was not asked for", text: <Problem error={error} /> });
    });
  };
  const activate = async () => {
    const { clusters } = await request<CatalogActivated>(`${api}/activate`, {
      method: "POST",
      body: { version: shipped.version },
    });
    toast({
      tone: "done",
      title: `${shipped.version} is active`,
      text: `${clusters} ${clusters === 1 ? "cluster is" : "clusters are"} evaluated again under it.`,
    });
    await refresh();
  };
  return (
    <>
      <PageHead
        title="Catalogue"
        actions={
          changes !== null && data.mayActivate ? (
            <Button tone="primary" onClick={() => setAsking(true)}>
              Activate {shipped.version}
            </Button>
          ) : null
        }
      >
        Which controls run, how severe they are and which requirements they count toward. A scan names the version that
        it ran under and keeps its meaning.
      </PageHead>
      <WithRail rail={<History organization={organization} page={data} />}>
        {changes === null ? (
          <Note>
            <b className="font-strong">{active.version} is active,</b> the newest version that this installation has,
            with {active.controls} controls.
          </Note>
        ) : (
          <>
            <Note tone="human">
              <b className="font-strong">
                {shipped.version} is here; {active.version} is active.
              </b>{" "}
              Scans run with the controls, severities and links of {active.version} until{" "}
              {data.mayActivate ? "you activate the new one" : "an owner or a compliance officer activates the new one"}
              .
            </Note>
            <RunsOtherwise page={data} />
            <CatalogEffects
              organization={organization}
              effects={data.effects}
              isWaiting={isPreviewing && isWaiting(data)}
              onPreview={data.mayActivate ? preview : null}
            />
            <CatalogChanges organization={organization} changes={changes} />
          </>
        )}
      </WithRail>
      {asking ? (
        <ConfirmDialog
          title={`Activate ${shipped.version}?`}
          confirmLabel="Activate"
          danger={false}
          onConfirm={activate}
          onClose={() => setAsking(false)}
          describeProblem={describeProblem}
        >
          <p>
            Every cluster’s last snapshot is evaluated again under it, and all scans from now on run with it. Scans
            until now keep {active.version} and what they said. {active.version} can’t be taken back.
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}

function isWaiting(page: CatalogPage): boolean {
  return page.effects.some(({ effect }) => effect === null);
}

/** Where the active version and the code of this release part ways: said wherever results are read. */
function RunsOtherwise({ page: { decidedAnew, retired, active } }: { page: CatalogPage }) {
  if (decidedAnew.length + retired.length === 0) return null;
  return (
    <Note tone="warn">
      {decidedAnew.length > 0 ? (
        <p>
          <b className="font-strong">
            {decidedAnew.length} {decidedAnew.length === 1 ? "control decides" : "controls decide"} otherwise already:
          </b>{" "}
          <Ids ids={decidedAnew} />: this release has only their newer code, and scans under {active.version} run with
          it.
        </p>
      ) : null}
      {retired.length > 0 ? (
        <p>
          <b className="font-strong">No code any more:</b> <Ids ids={retired} /> answer Could not evaluate.
        </p>
      ) : null}
    </Note>
  );
}

function Ids({ ids }: { ids: readonly string[] }) {
  return <span className="mono break-words">{ids.join(", ")}</span>;
}

function History({ organization, page }: { organization: string; page: CatalogPage }) {
  return (
    <RailBox title="Active since">
      <ul className="space-y-2.5">
        {page.history.map((entry, index) => (
          <li key={entry.at + entry.version}>
            <Link
              prefetch={false}
              className="row-link mono"
              href={`/o/${organization}/catalog/${encodeURIComponent(entry.version)}`}
            >
              {entry.version}
            </Link>
            {index === 0 ? " (active)" : null}
            <span className="block text-fg-3">
              <Moment at={entry.at} />, {entry.by}
            </span>
          </li>
        ))}
      </ul>
    </RailBox>
  );
}
