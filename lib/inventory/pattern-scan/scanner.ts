/** Collects the hits of a whole cluster, bounded, while its objects stream by. */
import { findSecret, REDACTED } from "../secret-net";
import { isObject } from "../redaction/shape";
import type { SectionName, SectionStatus } from "../snapshot";
import { CleanTexts, scanObject } from "./scan-object";
import {
  isCardRule,
  MAX_HITS,
  PATTERN_RULES,
  PATTERN_RULES_VERSION,
  type PatternHit,
  type PatternRule,
  type PatternScan,
} from "./types";

/** Beyond so many distinct hits of a section they are counted one by one: nobody reads that far. */
const MAX_KEYS = 5000;

interface SectionHits {
  objects: number;
  hits: Map<string, PatternHit>;
  /** Distinct hits for each rule. */
  totals: Map<PatternRule, number>;
}

/** One cluster's scan. `begin` a section again when its list is begun again: what came of it before doesn't count. */
export class PatternScanner {
  private readonly sections = new Map<SectionName | "", SectionHits>();
  private readonly complete: SectionName[] = [];
  private readonly clean = new CleanTexts();

  /** Begins a section, or begins it anew. */
  begin(section: SectionName): void {
    this.sections.set(section, { objects: 0, hits: new Map(), totals: new Map() });
  }

  /** Looks through a raw object; "" for one of a kind that no section holds. */
  add(section: SectionName | "", raw: unknown): void {
    const held = this.sections.get(section) ?? { objects: 0, hits: new Map(), totals: new Map() };
    this.sections.set(section, held);
    held.objects += 1;
    const matches = scanObject(raw, this.clean);
    if (matches.length === 0) return;
    const object = identify(raw);
    for (const { name: matchName, ...match } of matches) {
      const key = [match.rule, object.owner, match.pointer, match.inside, matchName, match.masked].join("\n");
      const known = held.hits.get(key);
      if (known !== undefined) {
        known.objects += 1;
        continue;
      }
      held.totals.set(match.rule, (held.totals.get(match.rule) ?? 0) + 1);
      if (held.hits.size >= MAX_KEYS) continue;
      const { owner: _, ...named } = object;
      held.hits.set(key, { ...match, ...(matchName === undefined ? {} : { name: matchName }), ...named, objects: 1 });
    }
  }

  /** Ends a section as it ended for the collector. One that the cluster does not serve has nothing to look through. */
  end(section: SectionName, status: SectionStatus): void {
    if (status === "complete" || status === "unserved") this.complete.push(section);
  }

  /** The result so far. The same objects give the same result, in whatever order they came. */
  result(): PatternScan {
    const all = [...this.sections.values()];
    const hits = all.flatMap((section) => [...section.hits.values()]).sort(compareHits);
    const totals = PATTERN_RULES.flatMap((rule) => {
      const count = all.reduce((sum, section) => sum + (section.totals.get(rule) ?? 0), 0);
      return count === 0 ? [] : [{ rule, count }];
    });
    return {
      rulesVersion: PATTERN_RULES_VERSION,
      sections: [...this.complete],
      objects: all.reduce((sum, section) => sum + section.objects, 0),
      hits: [
        ...hits.filter(({ rule }) => !isCardRule(rule)).slice(0, MAX_HITS.credentials),
        ...hits.filter(({ rule }) => isCardRule(rule)).slice(0, MAX_HITS.cards),
      ],
      totals,
    };
  }
}

/** `owner` stands for the object where several of one controller carry the same: the pods of a ReplicaSet. */
function identify(raw: unknown): {
  apiVersion: string;
  kind: string;
  namespace?: string;
  objectName: string;
  owner: string;
} {
  const object = isObject(raw) ? raw : {};
  const metadata = isObject(object.metadata) ? object.metadata : {};
  const clean = (value: unknown) =>
    typeof value !== "string"
      ? ""
      : findSecret(value) === null
        ? value.replace(/\p{Cc}+/gu, " ").slice(0, 253)
        : REDACTED;
  const owners: unknown[] = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
  const controller = owners.find((owner) => isObject(owner) && owner.controller === true) as
    | { kind?: unknown; name?: unknown }
    | undefined;
  const named = { apiVersion: clean(object.apiVersion), kind: clean(object.kind), objectName: clean(metadata.name) };
  const namespace = typeof metadata.namespace === "string" ? clean(metadata.namespace) : undefined;
  const own = `${named.kind}/${namespace ?? ""}/${named.objectName}`;
  return {
    ...named,
    ...(namespace === undefined ? {} : { namespace }),
    owner:
      controller === undefined
        ? own
        : `${named.kind} of ${clean(controller.kind)}/${namespace ?? ""}/${clean(controller.name)}`,
  };
}

function compareHits(a: PatternHit, b: PatternHit): number {
  return (
    PATTERN_RULES.indexOf(a.rule) - PATTERN_RULES.indexOf(b.rule) ||
    compare(a.namespace ?? "", b.namespace ?? "") ||
    compare(a.kind, b.kind) ||
    compare(a.objectName, b.objectName) ||
    compare(a.pointer, b.pointer) ||
    compare(a.inside ?? "", b.inside ?? "") ||
    compare(a.name ?? "", b.name ?? "") ||
    compare(a.masked ?? "", b.masked ?? "")
  );
}
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
