/** A thread that can be asked one question at a time and that ends when it takes too long or too much memory. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { Answer, Question } from "./messages";

/** Megabytes for the expressions of one control: a batch of objects and what they are turned into takes a tenth of it. */
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
/** Loading the code takes a fraction of a second, on a busy machine some. */
const READY_MS = 30_000;

/** The thread is gone; why, in words for whoever reads the result. */
export class ThreadEnded extends Error {
  constructor(
    readonly limit: "time" | "memory" | "error",
    message: string,
  ) {
    super(message);
    this.name = "ThreadEnded";
  }
}

/** Beside the program where that is a bundle (dist, an image); else the source itself, which tsx reads in the thread. */
function startWorker(): Worker {
  // Asked of Node while it runs: the web application's bundler would look for the thread's program when it builds.
  const { Worker: Thread } = process.getBuiltinModule("node:worker_threads");
  // No environment: the thread has no use for a database's address.
  const options = { env: {}, execArgv: [], resourceLimits: MEMORY };
  const bundle = join(dirname(process.argv[1] ?? ""), "custom-thread.mjs");
  if (existsSync(bundle)) return new Thread(bundle, options);
  const source = join(process.cwd(), "lib/server/custom/thread.ts");
  if (!existsSync(source))
    throw new ThreadEnded("error", "the program for custom controls is missing from this installation");
  const load = `import("tsx/esm/api").then(({ register }) => { register(); return import(${JSON.stringify(source)}); });`;
  return new Thread(load, { ...options, eval: true });
}

export class EvaluationThread {
  private waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;
  private ended: ThreadEnded | null = null;

  private constructor(private readonly worker: Worker) {
    worker.on("message", (answer: Answer) => {
      this.waiting?.resolve(answer);
      this.waiting = null;
    });
    worker.on("error", (error) => this.end(endedBy(error)));
    worker.on("exit", () => this.end(new ThreadEnded("error", "the thread ended")));
  }

  /** @throws ThreadEnded */
  static async start(): Promise<EvaluationThread> {
    const worker = startWorker();
    worker.unref();
    const thread = new EvaluationThread(worker);
    await thread.answerWithin(READY_MS);
    return thread;
  }

  /**
   * Asks, and ends the thread if no answer comes in time.
   *
   * @throws ThreadEnded; then the thread can't be asked again
   */
  ask(question: Question, withinMs: number): Promise<Answer> {
    if (this.ended === null) this.worker.postMessage(question);
    return this.answerWithin(withinMs);
  }

  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private async answerWithin(withinMs: number): Promise<Answer> {
    const { ended } = this;
    if (ended !== null) throw ended;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.waiting = { resolve, reject };
        timer = setTimeout(() => {
          this.end(new ThreadEnded("time", "it took longer than it may"));
          void this.worker.terminate();
        }, withinMs);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  private end(why: ThreadEnded): void {
    this.ended ??= why;
    this.waiting?.reject(this.ended);
    this.waiting = null;
  }
}

function endedBy(error: unknown): ThreadEnded {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return new ThreadEnded("memory", "it took more memory than it may");
  return new ThreadEnded("error", `it ended with an error: ${message ?? String(error)}`);
}
