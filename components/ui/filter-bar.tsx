"use client";
import { Search, X } from "lucide-react";
import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useTransition } from "react";
import { addressOf } from "./address";
import { Spinner } from "./spinner";

export interface FilterChoice {
  name: string;
  label: string;
  /** The first option when nothing is chosen. */
  any: string;
  options: readonly { value: string; label: string }[];
}

/**
 * Filters of a list, kept in the address. A plain GET form at heart: it works before the script does, and Enter in the search box submits.
 * `keep` names parameters that are not filters (lens, sort, tab) and survive "Clear".
 */
export function FilterBar({
  search,
  choices,
  keep,
}: {
  search?: { label: string; placeholder: string };
  choices: readonly FilterChoice[];
  keep: readonly string[];
}) {
  const path = usePathname();
  const params = useSearchParams();
  const router = useRouter();
  const [pending, start] = useTransition();
  const current = Object.fromEntries(params);
  const go = (changes: Record<string, string | null>) =>
    start(() => router.push(addressOf(path, current, changes), { scroll: false }));
  const names = [...(search ? ["q"] : []), ...choices.map((choice) => choice.name)];
  const active = names.filter((name) => params.get(name));
  return (
    <search>
      <form
        className="no-print flex flex-wrap items-center gap-2"
        action={path}
        onSubmit={(event) => {
          event.preventDefault();
          const q = new FormData(event.currentTarget).get("q");
          go({ q: typeof q === "string" ? q.trim() : null });
        }}
      >
        {keep.map((name) => {
          const value = params.get(name);
          return value === null ? null : <input key={name} type="hidden" name={name} value={value} />;
        })}
        {search ? (
          <span className="relative max-md:w-full">
            <Search size={14} aria-hidden="true" className="absolute top-1/2 left-2.5 -translate-y-1/2 text-fg-3" />
            <input
              key={params.get("q") ?? ""}
              type="search"
              name="q"
              aria-label={search.label}
              placeholder={search.placeholder}
              defaultValue={params.get("q") ?? ""}
              maxLength={100}
              className="field field-quiet w-58 pl-8 max-md:w-full"
            />
          </span>
        ) : null}
        {choices.map((choice) => (
          <select
            key={choice.name}
            name={choice.name}
            aria-label={choice.label}
            value={params.get(choice.name) ?? ""}
            onChange={(event) => go({ [choice.name]: event.target.value })}
            className={`field field-quiet max-w-54 ${params.get(choice.name) ? "font-strong" : "text-fg-2"}`}
          >
            <option value="">{choice.any}</option>
            {choice.options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
        ))}
        {active.length > 0 ? (
          <button
            type="button"
            className="button button-quiet"
            onClick={() => go(Object.fromEntries(names.map((name) => [name, null])))}
          >
            <X size={13} aria-hidden="true" /> Clear
          </button>
        ) : null}
        {pending ? (
          <output className="flex items-center gap-1.5 text-fg-3">
            <Spinner size={13} /> Reading
          </output>
        ) : null}
      </form>
    </search>
  );
}
