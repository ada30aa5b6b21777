import Link from "next/link";
import type { CatalogVersionView } from "@/lib/api/catalog";
import { addressOf, type SearchParams } from "@/components/ui/address";
import { type Column, DataTable } from "@/components/ui/data-table";
import { PageBody, PageHead, Section } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { tableState } from "@/components/ui/table-state";
import { LINK_WORDS } from "../control/link-words";
import { RuleInWords } from "../control/rule";
import { Moment } from "../status/moment";
import { SeverityBars } from "../status/severity";

type Control = CatalogVersionView["controls"][number];

/** A version as it was recorded: what its controls said when its scans ran. `?control=` opens one. */
export function VersionView({
  organization,
  version,
  params,
}: {
  organization: string;
  version: CatalogVersionView;
  params: SearchParams;
}) {
  const path = `/o/${organization}/catalog/${encodeURIComponent(version.version)}`;
  const open = version.controls.find(({ id }) => id === params["control"]);
  const columns: Column<Control>[] = [
    {
      id: "control",
      head: "Control",
      lead: true,
      className: "md:w-[50%]",
      cell: (control) => (
        <Link prefetch={false} className="row-link block py-1" href={addressOf(path, {}, { control: control.id })}>
          {control.title}
          <span className="mono block text-fg-3">{control.id}</span>
        </Link>
      ),
    },
    { id: "severity", head: "Severity", cell: (control) => <SeverityBars severity={control.severity} /> },
    { id: "revision", head: "Revision", end: true, cell: (control) => control.revision },
    {
      id: "requirements",
      head: "Counts toward",
      cell: (control) => control.requirements.map(({ requirement }) => requirement).join(", "),
    },
  ];
  return (
    <>
      <PageHead title={`Catalogue ${version.version}`}>
        As it was recorded <Moment at={version.firstSeenAt} />
        {version.isActive ? "; active now" : ""}. SHA-256 of its controls{" "}
        <span className="mono break-all">{version.digest}</span>
      </PageHead>
      <PageBody>
        {open === undefined ? null : <OpenControl organization={organization} control={open} closeHref={path} />}
        <DataTable
          caption={`Controls of ${version.version}`}
          noun="controls"
          columns={columns}
          rowKey={(control) => control.id}
          state={tableState({
            status: "ready",
            items: version.controls,
            total: version.controls.length,
            totalUnfiltered: version.controls.length,
          })}
          address={{ path, params, clearHref: path }}
          empty={<Message title="No controls">This version carries no control.</Message>}
        />
      </PageBody>
    </>
  );
}

function OpenControl({
  organization,
  control,
  closeHref,
}: {
  organization: string;
  control: Control;
  closeHref: string;
}) {
  return (
    <Section
      title={control.title}
      aside={
        <Link prefetch={false} className="link" href={closeHref}>
          Close
        </Link>
      }
    >
      <p className="mb-2 text-fg-3">
        <span className="mono">{control.id}</span> · revision {control.revision} · judges each {control.judges}
      </p>
      <RuleInWords rule={control.rule} />
      <p className="mt-2 text-fg-2">{control.rule.why}</p>
      <p className="mt-2 text-fg-2">
        <b className="font-strong">Cannot see:</b> {control.rule.cannotSee}
      </p>
      <ul className="mt-3 space-y-1.5">
        {control.requirements.map((link) => (
          <li key={link.requirement}>
            <Link
              prefetch={false}
              className="row-link font-strong"
              href={`/o/${organization}/requirements/${link.requirement}`}
            >
              {link.requirement}
            </Link>{" "}
            <b className="font-medium" title={LINK_WORDS[link.kind].meaning}>
              {LINK_WORDS[link.kind].word}.
            </b>{" "}
            <span className="text-fg-2">{link.rationale}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
