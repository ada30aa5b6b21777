import type { ControlDetail } from "@/lib/api/assessment";
import { LensLink } from "../lens-link";
import { CoverageLabel } from "../status/coverage";
import { LINK_WORDS } from "./link-words";

/** The requirements that a control counts toward: how, how far each is covered altogether, and why it is evidence for it. */
export function MappingTable({
  base,
  requirements,
}: {
  /** Address of the organization. */
  base: string;
  requirements: ControlDetail["requirements"];
}) {
  return (
    <div className="card">
      <table className="rows">
        <caption className="sr-only">Requirements that this control counts toward</caption>
        <thead>
          <tr>
            <th scope="col">Requirement</th>
            <th scope="col">How it counts</th>
            <th scope="col">Requirement is checked</th>
            <th scope="col">Why it is evidence for it</th>
          </tr>
        </thead>
        <tbody>
          {requirements.map((link) => (
            <tr key={link.requirement}>
              <td data-lead="" className="md:w-[30%]">
                <LensLink className="row-link flex gap-2.5 py-1" href={`${base}/requirements/${link.requirement}`}>
                  <b className="shrink-0 font-strong">{link.requirement}</b> {link.title}
                </LensLink>
              </td>
              <td data-label="How it counts" className="whitespace-nowrap" title={LINK_WORDS[link.kind].meaning}>
                {LINK_WORDS[link.kind].word}
              </td>
              <td data-label="Requirement is checked">
                <CoverageLabel coverage={link.coverage} />
              </td>
              <td data-label="Why" className="py-2 text-fg-2">
                <span className="w-full text-left">{link.rationale}</span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
