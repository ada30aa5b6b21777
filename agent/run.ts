/**
 * The agent at work: one loop of heartbeats, one of scans, until it is told to stop.
 *
 * Nothing in here ends the process for a reason that lies outside the cluster's own configuration: a server that is down,
 * full or says farewell is asked again later and more slowly.
 */
import { AGENT_PATHS, DEFAULT_SCAN_SECONDS, type GapEntry, heartbeatResponse } from "@/lib/inventory/wire";
import { backoffMs, childOf, sleep } from "./backoff";
import type { CollectProgress } from "./collect";
import { type ClusterIdentity, enrol, isRotationDue, isTokenNew, readToken, rotateKey } from "./enrol";
import type { Identity } from "./identity/identity";
import { sha256Hex } from "./identity/keys";
import { type Log, messageOf } from "./log";
import { dueAt, gapSince, offsetOf } from "./schedule";
import { type ServerClient, ServerRefused, ServerUnreachable } from "./server-client";
import { handIn, type PreparedSnapshot, resumeCommit } from "./upload/hand-in";
import { AGENT_VERSION } from "./version";

export interface RunOptions {
  client: ServerClient;
  identity: Identity;
  tokenFile: string | undefined;
  /** The operator's own interval; undefined takes the server's. */
  scanIntervalMs: number | undefined;
  heartbeatMs: number;
  log: Log;
  readCluster(signal: AbortSignal): Promise<ClusterIdentity>;
  prepare(
    gapOf: (collectedAt: Date) => GapEntry[],
    onProgress: (progress: CollectProgress) => void,
    signal: AbortSignal,
  ): Promise<PreparedSnapshot>;
  timing?: Partial<typeof DEFAULT_TIMING>;
}
export const DEFAULT_TIMING = {
  /** Between two tries of an agent that was refused: not enrolled, revoked, quarantined. */
  farewellMs: 15 * 60_000,
  /** Between two looks at the token file while there is no token yet. */
  tokenMs: 5_000,
  /** Between heartbeats that tell the progress of a collection. */
  progressMs: 3_000,
  /** Between two scans that somebody asked for. */
  wantFullMs: 15_000,
  firstRetryMs: 15_000,
};

/** A server can't make an agent a burden to its cluster. */
const MIN_SCAN_MS = 60_000;

type GapReason = GapEntry["reason"];

export class Agent {
  private readonly timing: typeof DEFAULT_TIMING;
  private collecting: CollectProgress | null = null;
  private cluster: ClusterIdentity = { clusterUid: null, kubernetesVersion: null };
  private isPaused = false;
  private wantsFull = false;
  /** True while the last heartbeat was taken: nothing is collected for a server that won't have it, or has paused us. */
  private isWelcome = false;
  private rotateAfter = 0;
  /** What the server last said, from this process's first answer on. */
  private serverIntervalMs: number | null = null;
  private lastScanStartedAt = 0;
  private refusedToken: string | null = null;
  /** Why the scan that was due did not come; the agent itself was not running before that. */
  private gapReason: GapReason = "agent-stopped";
  private wakeScanner = () => {};
  /** Ends the scan under way; `scanning` settles when it has ended. */
  private stopScan = () => {};
  private scanning: Promise<void> = Promise.resolve();
  /** Settles when an enrolment that is under way has ended. */
  private enrolling: Promise<void> | null = null;

  constructor(private readonly options: RunOptions) {
    this.timing = { ...DEFAULT_TIMING, ...options.timing };
  }

  /** Works until the signal is aborted, and resolves then. */
  async run(signal: AbortSignal): Promise<void> {
    const ending = childOf(signal);
    try {
      await this.becomeEnrolled(ending.signal);
      await Promise.all([this.beat(ending.signal), this.scan(ending.signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      ending.abort(new Error("the agent ends"));
      ending.release();
    }
  }

  /** Enrols if need be, scans once, hands in. @throws what kept it from doing so */
  async runOnce(signal: AbortSignal): Promise<{ scanSeq: number }> {
    const { client, identity, log } = this.options;
    this.cluster = await this.options.readCluster(signal);
    const token = await readToken(this.options.tokenFile);
    if (token !== null && isTokenNew(identity, token)) await enrol(client, identity, token, this.cluster, log, signal);
    if (identity.state.identity === null)
      throw new Error("the agent is not enrolled, and there is no token in --token-file");
    await this.heartbeat(signal);
    // An agent that only ever runs like this would otherwise keep its first key until it expires.
    await this.rotateIfDue(signal);
    await resumeCommit(client, identity, log, signal);
    return this.scanOnce(signal);
  }

  /** The token in the file, unless it was used or refused before. What can't be read is no token, and is told. */
  private async findNewToken(): Promise<string | null> {
    const { identity, log, tokenFile } = this.options;
    try {
      const token = await readToken(tokenFile);
      if (token === null || !isTokenNew(identity, token) || this.refusedToken === sha256Hex(token)) return null;
      return token;
    } catch (error) {
      log.error("the token can't be read", { reason: messageOf(error) });
      return null;
    }
  }

  /** Waits for a token if there is no identity yet; tries a token that is new. Resolves when there is an identity. */
  private async becomeEnrolled(signal: AbortSignal): Promise<void> {
    const { identity, log, tokenFile } = this.options;
    for (let isFirst = true; ; isFirst = false) {
      signal.throwIfAborted();
      const token = await this.findNewToken();
      if (token !== null) await this.tryToken(token, signal);
      else if (identity.state.identity !== null) return;
      else {
        if (isFirst) log.warn("not enrolled; waiting for a token that has not been used", { tokenFile });
        await sleep(this.timing.tokenMs, signal);
      }
    }
  }

  /**
   * One attempt with a token. The scanner stands still meanwhile: an upload that began under the old identity and went on
   * under the new one would look like a forked chain.
   */
  private async tryToken(token: string, signal: AbortSignal): Promise<void> {
    const { client, identity, log } = this.options;
    let done = () => {};
    this.enrolling = new Promise((resolve) => {
      done = resolve;
    });
    try {
      this.stopScan();
      await this.scanning;
      await this.refreshCluster(signal);
      await enrol(client, identity, token, this.cluster, log, signal);
      this.isWelcome = false;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ServerRefused) {
        this.refusedToken = sha256Hex(token);
        const advice = "the server refused the enrolment token; register the cluster again for a new one";
        log.error(advice, { reason: error.message });
      } else if (error instanceof ServerUnreachable) {
        log.warn("enrolment waits for the server", { reason: error.message });
        await sleep(error.retryAfterMs ?? backoffMs(4, { firstMs: 1000, longestMs: 60_000 }), signal);
      } else throw error;
    } finally {
      this.enrolling = null;
      done();
    }
  }

  private async beat(signal: AbortSignal): Promise<never> {
    const { heartbeatMs } = this.options;
    for (let failures = 0; ; ) {
      let waitMs = heartbeatMs;
      try {
        await this.refreshCluster(signal);
        await this.heartbeat(signal);
        await this.rotateIfDue(signal);
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        failures++;
        waitMs = await this.afterFailure(error, failures, signal);
      }
      // A tenth of jitter, so that agents that started together drift apart. A collection that begins meanwhile is told of
      // soon, as is a new identity; after a failure the wait is kept.
      const until = Date.now() + waitMs * (0.95 + Math.random() / 10);
      do {
        await sleep(Math.min(this.timing.progressMs, Math.max(until - Date.now(), 0)), signal);
        await this.becomeEnrolled(signal);
      } while (Date.now() < until && (failures > 0 || (this.isWelcome && this.collecting === null)));
    }
  }

  private async rotateIfDue(signal: AbortSignal): Promise<void> {
    const { client, identity, log } = this.options;
    if (!isRotationDue(identity, new Date()) || Date.now() < this.rotateAfter) return;
    try {
      await rotateKey(client, identity, log, signal);
    } catch (error) {
      signal.throwIfAborted();
      // The old key still works; an hour later is early enough.
      this.rotateAfter = Date.now() + 3_600_000;
      log.warn("the key could not be rotated yet", { reason: messageOf(error) });
    }
  }

  /** Milliseconds to wait before the next heartbeat. */
  private async afterFailure(error: unknown, failures: number, signal: AbortSignal): Promise<number> {
    const { log } = this.options;
    if (error instanceof ServerUnreachable) {
      log.warn("heartbeat not delivered", { reason: error.message, failures });
      this.gapReason = "server-unreachable";
      return (
        error.retryAfterMs ??
        Math.max(1000, backoffMs(failures, { firstMs: this.options.heartbeatMs, longestMs: 300_000 }))
      );
    }
    if (!(error instanceof ServerRefused)) {
      log.error("heartbeat failed", { reason: messageOf(error), failures });
      return Math.max(1000, backoffMs(failures, { firstMs: this.options.heartbeatMs, longestMs: 300_000 }));
    }
    this.isWelcome = false;
    this.gapReason = error.isFarewell ? "revoked" : "refused";
    log.error(
      error.isFarewell
        ? "the server turned this agent away for good: it sends nothing more. Put a new enrolment token into its Secret to enrol again"
        : "the server refused the heartbeat",
      { status: error.status, code: error.code, reason: error.message },
    );
    await this.tryNewToken(signal);
    return 0;
  }

  /** After a refusal: a new token is the way back. Looks for one at the pace of the token file while it waits. */
  private async tryNewToken(signal: AbortSignal): Promise<void> {
    const until = Date.now() + this.timing.farewellMs;
    while (Date.now() < until) {
      if ((await this.findNewToken()) !== null) return this.becomeEnrolled(signal);
      await sleep(Math.min(this.timing.tokenMs, Math.max(until - Date.now(), 1)), signal);
    }
  }

  /** How often to scan: the operator's word, the server's, or an hour; never more often than once a minute. */
  private get scanIntervalMs(): number {
    const enrolled = this.options.identity.state.identity?.intervalSeconds ?? DEFAULT_SCAN_SECONDS;
    return Math.max(MIN_SCAN_MS, this.options.scanIntervalMs ?? this.serverIntervalMs ?? enrolled * 1000);
  }

  private async heartbeat(signal: AbortSignal): Promise<void> {
    const { client, identity } = this.options;
    const collecting = this.collecting;
    const body = { agentVersion: AGENT_VERSION, ...this.cluster, collecting };
    const answer = await client.postJson(identity, AGENT_PATHS.heartbeat, body, heartbeatResponse, {
      signal,
      attempts: 1,
    });
    if (answer.paused !== this.isPaused)
      this.options.log.info(answer.paused ? "paused by the server" : "no longer paused");
    const isFirst = !this.isWelcome;
    this.isPaused = answer.paused;
    this.isWelcome = true;
    this.wantsFull = answer.wantFull;
    this.serverIntervalMs = answer.intervalSeconds * 1000;
    if (answer.wantFull || isFirst) this.wakeScanner();
  }

  private async refreshCluster(signal: AbortSignal): Promise<void> {
    if (this.cluster.kubernetesVersion !== null && this.cluster.clusterUid !== null) return;
    this.cluster = await this.options.readCluster(signal).catch(() => this.cluster);
  }

  private async scan(signal: AbortSignal): Promise<never> {
    const { log } = this.options;
    for (let failures = 0; ; ) {
      while (this.enrolling !== null) await this.enrolling;
      const stop = childOf(signal);
      this.stopScan = () => stop.abort(new Error("the agent enrols again"));
      const work = this.scanWhenDue(stop.signal);
      this.scanning = work.catch(() => undefined);
      try {
        await work;
        failures = 0;
      } catch (error) {
        signal.throwIfAborted();
        if (stop.signal.aborted) continue;
        failures++;
        log.error("scan failed", { reason: messageOf(error), failures });
        const isRefused = error instanceof ServerRefused;
        const isUnreachable = error instanceof ServerUnreachable;
        this.gapReason = isRefused ? "refused" : isUnreachable ? "server-unreachable" : "collection-failed";
        const firstMs = isRefused ? this.timing.farewellMs : this.timing.firstRetryMs;
        const jittered = backoffMs(failures, { firstMs: firstMs * 2, longestMs: this.scanIntervalMs });
        const retryAfterMs = isUnreachable ? error.retryAfterMs : null;
        await this.sleepOrWake(retryAfterMs ?? Math.max(jittered, 100), signal);
      } finally {
        stop.release();
      }
    }
  }

  private async scanWhenDue(signal: AbortSignal): Promise<void> {
    const { client, identity, log } = this.options;
    await resumeCommit(client, identity, log, signal);
    await this.waitUntilDue(signal);
    const { scanSeq } = await this.scanOnce(signal);
    log.info("snapshot handed in", { scanSeq });
  }

  private async waitUntilDue(signal: AbortSignal): Promise<void> {
    const { identity } = this.options;
    for (;;) {
      signal.throwIfAborted();
      const { identity: known, lastCollectedAt } = identity.state;
      const { scanIntervalMs } = this;
      const now = Date.now();
      const offset = offsetOf(sha256Hex(known?.clusterId ?? ""), scanIntervalMs);
      let due = dueAt(now, lastCollectedAt === null ? null : Date.parse(lastCollectedAt), scanIntervalMs, offset);
      if (this.wantsFull) due = Math.min(due, this.lastScanStartedAt + this.timing.wantFullMs);
      const isHeldBack = this.isPaused || !this.isWelcome;
      if (this.isPaused) this.gapReason = "paused";
      if (!isHeldBack && due <= now) return;
      await this.sleepOrWake(isHeldBack ? this.timing.tokenMs : Math.min(due - now, 60_000), signal);
    }
  }

  /** Sleeps, unless a heartbeat's answer or a new enrolment makes a scan worth while earlier. */
  private async sleepOrWake(ms: number, signal: AbortSignal): Promise<void> {
    const woken = childOf(signal);
    this.wakeScanner = () => woken.abort(new Error("woken"));
    try {
      await sleep(ms, woken.signal).catch(() => signal.throwIfAborted());
    } finally {
      woken.release();
    }
  }

  private async scanOnce(signal: AbortSignal): Promise<{ scanSeq: number }> {
    const { client, identity, log } = this.options;
    this.lastScanStartedAt = Date.now();
    this.wantsFull = false;
    const gapOf = (collectedAt: Date): GapEntry[] => {
      const last = identity.state.lastCollectedAt;
      const gap = gapSince(last === null ? null : Date.parse(last), collectedAt.getTime(), this.scanIntervalMs);
      if (gap === null) return [];
      return [
        { fromAt: new Date(gap.fromAt).toISOString(), toAt: new Date(gap.toAt).toISOString(), reason: this.gapReason },
      ];
    };
    let snapshot: PreparedSnapshot;
    try {
      snapshot = await this.options.prepare(gapOf, (progress) => (this.collecting = progress), signal);
    } finally {
      this.collecting = null;
    }
    try {
      const answer = await handIn(client, identity, snapshot, log, signal);
      this.gapReason = "agent-stopped";
      return answer;
    } finally {
      snapshot.spool.close();
    }
  }
}
