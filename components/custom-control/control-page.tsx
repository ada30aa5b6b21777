"use client";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useState } from "react";
import type { CustomControlChoices, CustomControlDetail } from "@/lib/api/custom-controls";
import { Button, buttonClass } from "@/components/ui/button";
import { CodeBlock } from "@/components/ui/code-block";
import { Note } from "@/components/ui/note";
import { PageHead, RailBox, WithRail } from "@/components/ui/page";
import { useToast } from "@/components/ui/toast";
import { useRefresh } from "../live";
import { Problem } from "../problem";
import { request } from "../request";
import { Moment } from "../status/moment";
import { CustomControlEditor } from "./editor";

const ConfirmDialog = dynamic(() => import("@/components/ui/confirm-dialog").then((module) => module.ConfirmDialog), {
  ssr: false,
});

/** One own control: its newest revision to edit or to read, its revisions, and its end. */
export function CustomControlPage({
  organization,
  control,
  choices,
}: {
  organization: string;
  control: CustomControlDetail;
  choices: CustomControlChoices;
}) {
  const [asking, setAsking] = useState(false);
  const toast = useToast();
  const refresh = useRefresh();
  const [newest] = control.revisions;
  if (newest === undefined) return null;
  const { definition, withdrawn, revision } = newest;
  const withdraw = async () => {
    await request(`/api/o/${organization}/custom-controls/${control.id}`, { method: "DELETE" });
    toast({ tone: "done", title: "Withdrawn", text: "The last snapshots are evaluated again without it." });
    await refresh();
  };
  return (
    <>
      <PageHead
        title={definition.title}
        actions={
          <>
            {withdrawn === null ? (
              <Link prefetch={false} className={buttonClass({})} href={`/o/${organization}/controls/${control.id}`}>
                Results
              </Link>
            ) : null}
            {control.mayWrite && withdrawn === null ? (
              <Button tone="danger" onClick={() => setAsking(true)}>
                Withdraw
              </Button>
            ) : null}
          </>
        }
      >
        <span className="mono">{control.id}</span>, a control of this organization, no part of the catalogue.
      </PageHead>
      <WithRail rail={<Revisions control={control} />}>
        {withdrawn === null ? null : (
          <Note tone="warn">
            <b className="font-strong">Withdrawn</b> by {withdrawn.by}, <Moment at={withdrawn.at} />. It runs no more.
            {control.mayWrite ? " Saving brings it back as its next revision." : ""}
          </Note>
        )}
        {control.mayTry ? (
          <CustomControlEditor
            key={revision}
            organization={organization}
            initial={definition}
            basedOn={revision}
            choices={choices}
            mayWrite={control.mayWrite}
          />
        ) : (
          <CodeBlock title="Definition" text={JSON.stringify(definition, null, 2)} />
        )}
      </WithRail>
      {asking ? (
        <ConfirmDialog
          title={`Withdraw ${definition.title}?`}
          confirmLabel="Withdraw"
          onConfirm={withdraw}
          onClose={() => setAsking(false)}
          describeProblem={(error) => <Problem error={error} />}
        >
          <p>
            It runs no more and counts toward nothing; its findings are resolved by the next scan. Scans until now keep
            what it said.
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}

function Revisions({ control }: { control: CustomControlDetail }) {
  return (
    <RailBox title="Revisions">
      <ol className="grid gap-2.5">
        {control.revisions.map(({ revision, createdAt, createdBy, digest, withdrawn }) => (
          <li key={revision}>
            <span className="font-medium">Revision {revision}</span> {withdrawn === null ? "" : "(withdrawn)"}
            <span className="block text-small text-fg-3">
              <Moment at={createdAt} />, {createdBy}
            </span>
            <code className="mono block truncate text-small text-fg-3" title={`SHA-256 ${digest}`}>
              {digest.slice(0, 16)}
            </code>
          </li>
        ))}
      </ol>
    </RailBox>
  );
}
