"use client";
import { useEffect, useMemo, useState } from "react";
import type { CustomControlChecked, DefinitionProblem } from "@/lib/api/custom-controls";
import { request } from "../request";
import { definitionOf, type Draft } from "./draft";

const CHECK_MS = 500;

export type Check =
  | { state: "checking"; problems: readonly DefinitionProblem[] }
  | { state: "done"; problems: readonly DefinitionProblem[] }
  | { state: "failed"; problems: readonly DefinitionProblem[]; error: unknown };

/**
 * What the server says of the draft, a moment after it last changed. While it is asked, what it said last stays: problems that come
 * and go with every key would help nobody.
 */
export function useCheck(api: string, draft: Draft): Check {
  const own = useMemo(() => definitionOf(draft), [draft]);
  const [answer, setAnswer] = useState<{ of: Draft | null; problems: readonly DefinitionProblem[]; error: unknown }>({
    of: null,
    problems: [],
    error: null,
  });
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      const { definition } = definitionOf(draft);
      request<CustomControlChecked>(`${api}/check`, { method: "POST", body: { definition }, signal: stop.signal }).then(
        ({ problems }) => setAnswer({ of: draft, problems, error: null }),
        (error: unknown) => {
          if (!stop.signal.aborted) setAnswer({ of: draft, problems: [], error });
        },
      );
    }, CHECK_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [api, draft]);
  const problems = [...own.problems, ...answer.problems];
  if (answer.of !== draft) return { state: "checking", problems };
  return answer.error === null ? { state: "done", problems } : { state: "failed", problems, error: answer.error };
}
