/**
 * Where a power counts: in the whole cluster, in the CDE and in kube-system; and in every namespace whose service accounts lead
 * there, for powers that act as the accounts of a namespace. Found round by round, because such a namespace may in turn be
 * reached from another one.
 */
import { grantsOf } from "@/lib/rbac/grants";
import { type HeldPower, powerfulSubjects } from "@/lib/rbac/escalation";
import { isPlatformSubject } from "@/lib/rbac/platform";
import { type Holder, holdersOf, namespacesOf, type Right } from "@/lib/rbac/rights";
import { accountReach } from "@/lib/rbac/subjects";
import type { EvaluationContext } from "./types";

export interface CountedPower {
  held: HeldPower;
  /** Null: in the whole cluster. */
  namespaces: string[] | null;
  /** Accounts that it leads to, per namespace, where only they make it count. */
  through: { namespace: string; accounts: string[] }[];
}
export interface CountedHolder {
  holder: Holder;
  powers: CountedPower[];
}

/** Rights of an account that open the CDE without being a power of their own. */
const DOORS: readonly Right[] = [
  { group: "", resource: "secrets", verbs: ["get", "list", "watch"] },
  { group: "", resource: "pods", subresource: "exec", verbs: ["get", "create"] },
];
const MAX_ROUNDS = 10;

/** Every subject outside the platform with a power that counts, in name order. */
export function countedHolders(context: EvaluationContext): CountedHolder[] {
  const { inventory, scope } = context;
  const cde = scope.declared ? scope.inCategory("cde") : [];
  const targets = new Set([...cde, "kube-system"]);
  const grants = grantsOf(inventory);
  const isAsked: Parameters<typeof powerfulSubjects>[1] = (grant, subject) =>
    !isPlatformSubject(grant, subject, inventory.provider);
  const powerful = powerfulSubjects(grants, isAsked);

  // Accounts by namespace that lead to a target.
  const leading = new Map<string, Set<string>>();
  const lead = ({ subject, text }: Holder): boolean => {
    const reach = accountReach(subject, "");
    if (reach === null || reach.kind === "all") return false;
    const namespace = reach.kind === "one" ? reach.account.namespace : reach.namespace;
    const accounts = leading.get(namespace) ?? new Set<string>();
    leading.set(namespace, accounts);
    const isNew = !accounts.has(text);
    accounts.add(text);
    return isNew;
  };
  for (const holder of holdersOf(grants, DOORS, isAsked))
    if (namespacesOf(holder.holdings, cde).length > 0) lead(holder);

  let counted: CountedHolder[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    counted = powerful.flatMap(({ holder, powers }) => {
      const kept = powers.flatMap((held) => countOf(holder, held, targets, leading) ?? []);
      return kept.length === 0 ? [] : [{ holder, powers: kept }];
    });
    const found = counted.filter(({ powers }) => powers.some(({ held }) => held.power.grade === "full"));
    if (found.filter(({ holder }) => lead(holder)).length === 0) break;
  }
  return counted;
}

function countOf(
  holder: Holder,
  held: HeldPower,
  targets: ReadonlySet<string>,
  leading: ReadonlyMap<string, ReadonlySet<string>>,
): CountedPower | null {
  if (held.namespaces === null) return { held, namespaces: null, through: [] };
  const direct = held.namespaces.filter((namespace) => targets.has(namespace));
  const through = !held.power.usesAccounts
    ? []
    : held.namespaces
        .filter((namespace) => !targets.has(namespace))
        .map((namespace) => ({
          namespace,
          // To act as oneself is no way further.
          accounts: [...(leading.get(namespace) ?? [])].filter((account) => account !== holder.text).sort(),
        }))
        .filter(({ accounts }) => accounts.length > 0);
  if (direct.length === 0 && through.length === 0) return null;
  return { held, namespaces: [...direct, ...through.map(({ namespace }) => namespace)], through };
}
