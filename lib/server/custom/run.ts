/**
 * Custom controls over a snapshot: what they are asked about is chosen here, their expressions run in a thread of their own. A control
 * that takes too long or too much is `unknown` for the cluster and says so; the next one begins with a fresh thread. Nothing of a
 * scan beside them is harmed by what somebody wrote.
 */
import { chooseSubjects, notApplicableResult, type Subject, subjectsOf } from "@/lib/controls/custom/subjects";
import { namespaceOf } from "@/lib/controls/custom/evaluate";
import type { CustomControlDefinition } from "@/lib/controls/custom/types";
import { clusterResult } from "@/lib/controls/population";
import type { EvaluationContext, Result } from "@/lib/controls/types";
import type { SectionName } from "@/lib/inventory/snapshot";
import { EvaluationThread, ThreadEnded } from "./evaluation-thread";

/** Time for the expressions of one control, and of all of a scan; objects that go to the thread at a time. */
export const CUSTOM_TIME = { controlMs: 5_000, totalMs: 60_000 } as const;
const BATCH = 500;

export interface CustomOutcome {
  definition: CustomControlDefinition;
  results: Result[];
  /** Why it did not come to its end; null if it did. */
  stopped: string | null;
}

/** Runs every definition, in their order. */
export async function runCustomControls(
  definitions: readonly CustomControlDefinition[],
  context: EvaluationContext,
  time: { controlMs: number; totalMs: number } = CUSTOM_TIME,
): Promise<CustomOutcome[]> {
  const outcomes: CustomOutcome[] = [];
  const subjects = new Map<SectionName, Subject[]>();
  let leftMs = time.totalMs;
  let thread: EvaluationThread | null = null;
  try {
    for (const definition of definitions) {
      if (leftMs <= 0) {
        outcomes.push(stoppedOutcome(definition, "the time of all custom controls of a scan was used up before it"));
        continue;
      }
      let spentMs = 0;
      const spend = (ms: number) => {
        spentMs += ms;
      };
      try {
        thread ??= await EvaluationThread.start();
        const budgetMs = Math.min(time.controlMs, leftMs);
        const asking = { thread, budgetMs: () => budgetMs - spentMs, spend };
        outcomes.push({ definition, results: await runOne(definition, context, subjects, asking), stopped: null });
      } catch (error) {
        await thread?.stop();
        thread = null;
        if (!(error instanceof ThreadEnded)) throw error;
        outcomes.push(stoppedOutcome(definition, error.message));
      }
      leftMs -= spentMs;
    }
  } finally {
    await thread?.stop();
  }
  return outcomes;
}

interface Asking {
  thread: EvaluationThread;
  budgetMs: () => number;
  spend: (ms: number) => void;
}

async function ask(
  { thread, budgetMs, spend }: Asking,
  question: Parameters<EvaluationThread["ask"]>[0],
): ReturnType<EvaluationThread["ask"]> {
  const before = performance.now();
  try {
    return await thread.ask(question, Math.max(1, budgetMs()));
  } finally {
    spend(performance.now() - before);
  }
}

async function runOne(
  definition: CustomControlDefinition,
  context: EvaluationContext,
  known: Map<SectionName, Subject[]>,
  asking: Asking,
): Promise<Result[]> {
  const defined = await ask(asking, { type: "define", definition });
  const [problem] = defined.type === "defined" ? defined.problems : [];
  if (problem !== undefined) {
    const detail = `Revision ${definition.revision} can't be evaluated by this release: ${problem.where}: ${problem.problem}. It becomes known with a revision that can.`;
    return [clusterResult("unknown", "its definition is not valid for this release", detail)];
  }
  const results: Result[] = [];
  for (const kind of definition.kinds) {
    const subjects = known.get(kind) ?? subjectsOf(context.inventory, kind);
    known.set(kind, subjects);
    const { settled, chosen } = chooseSubjects(definition, kind, subjects, context);
    results.push(...settled);
    for (let i = 0; i < chosen.length; i += BATCH) {
      const batch = chosen.slice(i, i + BATCH).flatMap((at) => {
        const subject = subjects[at];
        if (subject === undefined) return [];
        return [{ subject, namespace: namespaceOf(subject, context.inventory.namespaces) }];
      });
      const answer = await ask(asking, { type: "judge", batch });
      if (answer.type === "judged") results.push(...answer.results);
    }
  }
  return results.length > 0 ? results : [notApplicableResult(definition)];
}

function stoppedOutcome(definition: CustomControlDefinition, why: string): CustomOutcome {
  const detail = `Revision ${definition.revision} was stopped: ${why}. What it would have said of any object is not known, and nothing that it said before it was stopped counts. It becomes known with expressions that do less.`;
  return {
    definition,
    results: [clusterResult("unknown", "the control was stopped at its limit", detail)],
    stopped: why,
  };
}
