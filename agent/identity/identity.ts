/**
 * The agent's state in use: one owner, changes saved before they matter.
 *
 * Sequence numbers are reserved in blocks: the end of the block is stored before its first number is used, so that a crash
 * skips numbers and never uses one twice.
 */
import { type AgentState, createState, type StateStore } from "./state";

const SEQ_BLOCK = 1000;

export class Identity {
  private nextSeq: number;
  private saving: Promise<void> = Promise.resolve();

  private constructor(
    private readonly store: StateStore,
    private current: AgentState,
  ) {
    this.nextSeq = current.reservedSeq + 1;
  }

  /** Loads the stored state, or makes and stores a new one with a key pair of its own. */
  static async open(store: StateStore, now: Date): Promise<Identity> {
    const stored = await store.load();
    if (stored !== null) return new Identity(store, stored);
    const created = createState(now);
    await store.save(created);
    return new Identity(store, created);
  }

  get state(): Readonly<AgentState> {
    return this.current;
  }

  /** Stores the change, then makes it visible. Changes are made one after the other. */
  update(change: Partial<AgentState>): Promise<void> {
    const next = this.saving.then(async () => {
      const changed = { ...this.current, ...change, revision: this.current.revision + 1 };
      await this.store.save(changed);
      this.current = changed;
    });
    this.saving = next.catch(() => undefined);
    return next;
  }

  /** A number that no request of this agent has carried before. */
  async takeSeq(): Promise<number> {
    if (this.nextSeq > this.current.reservedSeq) {
      await this.update({ reservedSeq: Math.max(this.current.reservedSeq, this.nextSeq - 1) + SEQ_BLOCK });
    }
    return this.nextSeq++;
  }

  /**
   * The server has seen higher numbers than we know of (our copy of the state was old): go on far above. Each call doubles
   * the leap, so that a state of any age catches up in a few requests.
   */
  skipSeq(times: number): void {
    this.nextSeq = Math.max(this.nextSeq, this.current.reservedSeq) + SEQ_BLOCK * 2 ** Math.min(times, 20);
  }

  /** Becomes the agent that the server has just enrolled: another key, other numbers, no commit yet. */
  async become(change: Pick<AgentState, "privateKey" | "identity" | "tokenDigest" | "keyCreatedAt">): Promise<void> {
    await this.update({
      ...change,
      nextPrivateKey: null,
      reservedSeq: 0,
      lastCommit: null,
      lastCollectedAt: null,
      pendingCommit: null,
    });
    this.nextSeq = 1;
  }
}
