import { FilterBar } from "@/components/ui/filter-bar";
import { SEVERITY_CHOICE, resultChoice } from "../status/choices";

/** Filters of a results table; the thing itself and the lens stay. */
export function ResultFilters() {
  return (
    <FilterBar
      search={{ label: "Search results by object or reason", placeholder: "Object or reason" }}
      keep={["project", "cluster", "sort", "direction"]}
      choices={[resultChoice(), SEVERITY_CHOICE]}
    />
  );
}
