import { FilterBar } from "@/components/ui/filter-bar";

/** Filters of a results table; the thing itself and the lens stay. */
export function ResultFilters() {
  return (
    <FilterBar
      search={{ label: "Search results by object or reason", placeholder: "Object or reason" }}
      keep={["project", "cluster", "sort", "direction"]}
      choices={[
        {
          name: "status",
          label: "Result",
          any: "Any result",
          options: [
            { value: "fail", label: "Fail" },
            { value: "unknown", label: "Could not evaluate" },
            { value: "pass", label: "Pass" },
            { value: "not-applicable", label: "Not applicable" },
          ],
        },
        {
          name: "severity",
          label: "Severity",
          any: "Any severity",
          options: [
            { value: "critical", label: "Critical" },
            { value: "high", label: "High" },
            { value: "medium", label: "Medium" },
            { value: "low", label: "Low" },
          ],
        },
      ]}
    />
  );
}
