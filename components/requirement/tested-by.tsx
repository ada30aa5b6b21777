import type { RequirementDetail } from "@/lib/api/assessment";
import { LazyDisclosure } from "@/components/ui/lazy-disclosure";
import { Note } from "@/components/ui/note";
import { OwnTag } from "../custom-control/own-tag";
import { LINK_WORDS } from "../control/link-words";
import { RuleInWords } from "../control/rule";
import { Verify } from "../control/verify";
import { LensLink } from "../lens-link";
import { ResultCountsText } from "../status/breakdown";
import { SeverityBars } from "../status/severity";
import { StatusLabel } from "../status/status-label";

/** Those that decide first. */
const KINDS = ["primary", "fail-only", "supporting"] as const;

/** The controls of a requirement by how they count, and those that it would take besides. */
export function TestedBy({ base, requirement }: { base: string; requirement: RequirementDetail }) {
  const { controlList, missingControls, catalog } = requirement;
  const isAlone = controlList.length === 0;
  return (
    <div className="space-y-3">
      {isAlone && missingControls.length === 0 ? (
        <Note>No control tests this requirement from a cluster. A person has to show it.</Note>
      ) : null}
      {KINDS.map((kind) => (
        <Controls key={kind} base={base} kind={kind} controls={controlList.filter(({ link }) => link === kind)} />
      ))}
      <NotTested controls={missingControls} isAlone={isAlone} version={catalog.version} />
    </div>
  );
}

/** The controls that count in one way, each opening into its rule and its command. */
function Controls({
  base,
  kind,
  controls,
}: {
  base: string;
  kind: (typeof KINDS)[number];
  controls: RequirementDetail["controlList"];
}) {
  if (controls.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1.5 text-fg-3">
        <span className="font-strong text-fg">{LINK_WORDS[kind].word}</span> · {LINK_WORDS[kind].meaning}
      </h3>
      <div className="card divide-y divide-line px-3.5">
        {controls.map((control) => (
          <LazyDisclosure
            key={control.id}
            summary={
              <span className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-0.5">
                <span className="min-w-0 flex-1 basis-64">
                  <span className="font-medium">{control.title}</span> <OwnTag control={control.id} />
                  <span className="block text-small text-fg-3">
                    <span className="mono">{control.id}</span> · <ResultCountsText counts={control.counts} />
                  </span>
                </span>
                <span className="md:w-20">
                  <SeverityBars severity={control.severity} />
                </span>
                <span className="md:w-44">
                  <StatusLabel status={control.status} freshness={control.freshness} />
                </span>
              </span>
            }
          >
            <div className="space-y-3">
              <p className="text-fg-2">
                <b className="font-strong">Why it is evidence for this requirement:</b> {control.rationale}
              </p>
              <RuleInWords rule={control.rule} whole />
              <h4 className="font-strong">Verify it yourself</h4>
              <Verify title={`The assessor's command for ${control.id}`} verify={control.verify} />
              <p>
                <LensLink className="link" href={`${base}/controls/${control.id}`}>
                  Open the control
                </LensLink>
              </p>
            </div>
          </LazyDisclosure>
        ))}
      </div>
    </div>
  );
}

/** Controls that decide as well and that the catalogue in use does not have: without them nothing here is more than a part. */
function NotTested({ controls, isAlone, version }: { controls: readonly string[]; isAlone: boolean; version: string }) {
  if (controls.length === 0) return null;
  return (
    <p className="mt-2 text-small text-fg-3">
      Not tested under catalogue {version}:{" "}
      {controls.map((control, index) => (
        <span key={control}>
          {index > 0 ? ", " : null}
          <span className="mono">{control}</span>
        </span>
      ))}
      . {controls.length === 1 ? "It decides" : "They decide"} this requirement
      {isAlone ? ", and no other control tests it." : " too, so what was tested can't pass it alone."}
    </p>
  );
}
