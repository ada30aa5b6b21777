/** What common guides get wrong (lib/pci/guide-errors.ts), with the controls of the organization's catalogue. */
import type { z } from "zod";
import { type GuideErrorView, type GuidesPage, guidesQuery } from "@/lib/api/guides";
import { findRequirement, GUIDE_ERRORS, type GuideError } from "@/lib/pci";
import { type ActiveCatalog, withCatalog } from "./catalog";
import { type Principal, requireProjectsWith } from "./principal";

/**
 * The errors by topic, in their own order.
 *
 * @throws RingfenceError `forbidden`
 */
export async function listGuideErrors(principal: Principal, input: z.input<typeof guidesQuery>): Promise<GuidesPage> {
  requireProjectsWith(principal, "control:read");
  const query = guidesQuery.parse(input);
  const q = query.q?.trim().toLowerCase();
  const matching = GUIDE_ERRORS.filter(
    (error) =>
      (q === undefined || textOf(error).includes(q)) &&
      (query.control === undefined || error.controls.includes(query.control)) &&
      (query.requirement === undefined || error.requirements.includes(query.requirement)),
  );
  const topics = [...new Set(GUIDE_ERRORS.map(({ topic }) => topic))].map((topic) => ({
    topic,
    errors: matching.filter((error) => error.topic === topic).length,
  }));
  return withCatalog(principal.organization.id, async (_, catalog) => ({
    items: topics
      .filter(({ topic }) => query.topic === undefined || query.topic === topic)
      .flatMap(({ topic }) => matching.filter((error) => error.topic === topic))
      .map((error) => viewOf(error, catalog)),
    totalUnfiltered: GUIDE_ERRORS.length,
    topics,
  }));
}

/** The errors that concern a control or a requirement, by name. */
export function guideErrorsAbout(
  about: { control: string } | { requirement: string },
): { id: string; claim: string }[] {
  return GUIDE_ERRORS.filter((error) =>
    "control" in about ? error.controls.includes(about.control) : error.requirements.includes(about.requirement),
  ).map(({ id, claim }) => ({ id, claim }));
}

function viewOf(error: GuideError, catalog: ActiveCatalog): GuideErrorView {
  const { id, topic, claim, problem, right } = error;
  return {
    id,
    topic,
    claim,
    problem,
    right,
    controls: error.controls.flatMap((control) => {
      const found = catalog.find(control);
      return found === null ? [] : [{ id: found.id, title: found.title }];
    }),
    requirements: error.requirements.flatMap((number) => {
      const found = findRequirement(number);
      return found === null ? [] : [{ id: found.id, title: found.title }];
    }),
  };
}

function textOf({ topic, claim, problem, right, controls, requirements }: GuideError): string {
  return [topic, claim, problem, right, ...controls, ...requirements].join(" ").toLowerCase();
}
