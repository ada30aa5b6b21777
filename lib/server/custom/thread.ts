/**
 * The thread that runs expressions of an organization: one definition, then batches of objects. It has no database, no environment
 * and no way out but its messages; who started it ends it when its time is up.
 */
import { parentPort } from "node:worker_threads";
import { checkCustomControl } from "@/lib/controls/custom/check";
import type { CompiledControl } from "@/lib/controls/custom/compile";
import { judgeSubject } from "@/lib/controls/custom/evaluate";
import type { Answer, Question } from "./messages";

let compiled: CompiledControl | null = null;

function answer(question: Question): Answer {
  if (question.type === "define") {
    const checked = checkCustomControl(question.definition);
    compiled = checked.compiled;
    return { type: "defined", problems: checked.problems };
  }
  const control = compiled;
  if (control === null) throw new Error("there is no definition yet");
  const results = question.batch.flatMap(({ subject, namespace }) => {
    const result = judgeSubject(control, subject, namespace);
    return result === null ? [] : [result];
  });
  return { type: "judged", results };
}

const port = parentPort;
if (port === null) throw new Error("this file is for a thread");
port.on("message", (question: Question) => port.postMessage(answer(question)));
port.postMessage({ type: "ready" } satisfies Answer);
