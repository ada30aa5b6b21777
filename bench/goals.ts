/** Which program measures which goals. Each compares inside one run, in interleaved pairs, and names its seed. */
import { measureAgentGoals } from "./goals/agent";
import { measureBrowser } from "./goals/browser";
import { measureEvaluation } from "./goals/evaluation";
import { measureFleet } from "./goals/fleet";
import { measureIngest } from "./goals/ingest";
import { measureStoring } from "./goals/storing";
import type { Bench, Row } from "./row";

export const BENCHMARKS: readonly { goals: readonly string[]; measure(bench: Bench): Promise<Row[]> }[] = [
  { goals: ["P1", "P2", "P3"], measure: measureEvaluation },
  { goals: ["P1", "P2", "ingest"], measure: measureIngest },
  { goals: ["P6"], measure: measureStoring },
  { goals: ["P7", "P8"], measure: measureFleet },
  { goals: ["P11"], measure: measureAgentGoals },
  { goals: ["P12"], measure: measureBrowser },
];
