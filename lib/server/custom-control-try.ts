/** A draft of an own control over the last snapshot of a cluster: what it would say. Nothing of it is stored. */
import type { CustomControlTried, CustomDefinition } from "@/lib/api/custom-controls";
import { checkCustomControl } from "@/lib/controls/custom/check";
import type { Result } from "@/lib/controls/types";
import { RingfenceError } from "@/lib/errors";
import { createInventory } from "@/lib/inventory/create-inventory";
import { mergeImports, withImportedFacts } from "@/lib/inventory/imports";
import type { Provider } from "@/lib/inventory/snapshot";
import { classifyScope } from "@/lib/scope/classify";
import { writeAudit } from "./audit";
import { problemsOf } from "./custom-controls";
import { runCustomControls } from "./custom/run";
import { definitionOf } from "./custom/stored";
import { withOrganization } from "./db/organization";
import { scopeSettingsOf } from "./evaluate/evaluate-scan";
import { importsOf, loadImports } from "./evaluate/imports";
import { loadSnapshot } from "./evaluate/load";
import { actorOf, allows, type Principal, requirePermission } from "./principal";

/** Results that are shown; the counts are of all. */
const SHOWN = 200;
/** Snapshots in memory at a time, of this process: each may be a large one. */
const AT_A_TIME = 2;
const RETRY_SECONDS = 5;
let running = 0;

const WORST_FIRST: readonly Result["status"][] = ["fail", "unknown", "pass", "not-applicable"];

/**
 * Runs the draft in its thread, with the limits that it would have in a scan.
 *
 * @throws RingfenceError `not-found`, `forbidden`; `conflict` for a cluster without a scan; `unavailable` while others are trying
 */
export async function tryCustomControl(
  principal: Principal,
  { definition, cluster: slug }: { definition: CustomDefinition; cluster: string },
  now: Date = new Date(),
): Promise<CustomControlTried> {
  const orgId = principal.organization.id;
  const own = definitionOf(definition, 1);
  const problems = problemsOf(definition);
  const { scan, imports } = await withOrganization(orgId, async (tx) => {
    const cluster = await tx.cluster.findFirst({ where: { orgId, slug, deletedAt: null } });
    if (cluster === null || !allows(principal, "cluster:read", cluster.projectId))
      throw new RingfenceError("not-found", "There is no such cluster.");
    requirePermission(principal, "customControl:try", cluster.projectId);
    const last = await tx.scan.findFirst({
      where: { orgId, clusterId: cluster.id, state: "done" },
      orderBy: { seq: "desc" },
    });
    if (last === null)
      throw new RingfenceError("conflict", "This cluster has no scan yet, so there is no snapshot to try on.");
    if (problems.length === 0) {
      await writeAudit(tx, {
        orgId,
        at: now,
        actor: actorOf(principal),
        action: "custom-control:try",
        outcome: "done",
        object: { type: "scan", id: `${cluster.id}/${last.seq}`, name: `${slug} #${last.seq}` },
        origin: principal.origin,
        requestId: principal.requestId,
        detail: { control: own.id },
      });
    }
    return { scan: last, imports: await loadImports(tx, orgId, importsOf(last.imports)) };
  });
  const checked = checkCustomControl(own);
  if (checked.compiled === null || problems.length > 0) return { problems, outcome: null };
  if (running >= AT_A_TIME) {
    throw new RingfenceError("unavailable", `Others are trying a control. Try again in ${RETRY_SECONDS} s.`, {
      retryAfterSeconds: RETRY_SECONDS,
    });
  }
  running++;
  try {
    const snapshot = await loadSnapshot(orgId, scan.snapshotId, { role: "web", provider: scan.provider as Provider });
    const inventory = createInventory(withImportedFacts(snapshot, mergeImports(imports).facts));
    const scope = classifyScope(inventory, scopeSettingsOf(scan.scopeSettings));
    const [outcome] = await runCustomControls([own], { inventory, scope, asOf: scan.asOf.toISOString() });
    if (outcome === undefined) throw new Error("a control that was run has an outcome");
    return {
      problems: [],
      outcome: {
        scanSeq: scan.seq,
        collectedAt: scan.collectedAt.toISOString(),
        ...shownOf(outcome.results),
        isStopped: outcome.stopped !== null,
      },
    };
  } finally {
    running--;
  }
}

function shownOf(results: readonly Result[]) {
  const count = (status: Result["status"]) => results.filter((result) => result.status === status).length;
  return {
    counts: {
      pass: count("pass"),
      fail: count("fail"),
      unknown: count("unknown"),
      notApplicable: count("not-applicable"),
    },
    results: [...results]
      .sort((a, b) => WORST_FIRST.indexOf(a.status) - WORST_FIRST.indexOf(b.status))
      .slice(0, SHOWN)
      .map(({ status, object, reason, detail }) => ({ status, object, reason, detail })),
  };
}
