import { describe, expect, it } from "vitest";
import { CONTROLS } from "@/lib/controls";
import { AS_OF, cdeNamespace, snapshotOf } from "@/lib/fixtures/builders";
import type { LogStore } from "@/lib/inventory/imported";
import type { ClusterFacts } from "@/lib/inventory/snapshot";
import { assess } from "./assess";
import { findStaleFacts } from "./stale-facts";

const origin = (collectedAt: string) => ({ by: "upload" as const, name: "stores.yaml", collectedAt });
const store = (collectedAt: string, extra: Partial<LogStore["retention"]> = {}): LogStore => ({
  name: "audit",
  kind: "s3",
  retention: {
    origin: origin(collectedAt),
    deleteAfterDays: 400,
    isAttached: true,
    unattached: [],
    searchableDays: null,
    oldestEventAt: "2025-01-01T00:00:00Z",
    ...extra,
  },
});
const FRESH = "2026-08-24T12:00:00Z";
const OLD = "2026-08-23T11:00:00Z";
const retention = (facts: ClusterFacts) => {
  const controls = CONTROLS.filter(({ id }) => id === "log-retention-12m");
  return assess(snapshotOf([cdeNamespace()], { facts }), { asOf: AS_OF, controls }).results[0]?.results[0];
};

describe("facts that are too old", () => {
  it("are those of a document that was read more than 90 days ago, wherever its origin stands", () => {
    expect(findStaleFacts({ gitVersion: "v1.34.2", logStores: [store(FRESH)] }, AS_OF)).toBeNull();
    expect(findStaleFacts({ gitVersion: "v1.34.2", logStores: [store(OLD), store(FRESH)] }, AS_OF)).toEqual({
      rest: { gitVersion: "v1.34.2", logStores: [{ name: "audit", kind: "s3" }, store(FRESH)] },
      sources: [`stores.yaml, read ${OLD}`],
    });
  });

  it("are not what is said of one build for ever", () => {
    const sboms = [{ origin: origin("2020-01-01T00:00:00Z") }] as unknown as NonNullable<ClusterFacts["sboms"]>;
    expect(findStaleFacts({ sboms }, AS_OF)).toBeNull();
  });

  it("carry no pass, and their fail stands", () => {
    expect(retention({ logStores: [store(FRESH)] })?.status).toBe("pass");
    const old = retention({ logStores: [store(OLD)] });
    expect(old).toMatchObject({ status: "unknown", reason: "it rests on a document read more than 90 days ago" });
    expect(old?.detail).toContain(`stores.yaml, read ${OLD}`);
    expect(retention({ logStores: [store(OLD, { deleteAfterDays: 30 })] })?.status).toBe("fail");
  });
});
