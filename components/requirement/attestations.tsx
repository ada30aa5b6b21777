import type { RequirementDetail } from "@/lib/api/assessment";
import { KeyValue } from "@/components/ui/key-value";
import { StatusLabel } from "../status/status-label";
import { sentence } from "./words";

/** What a person answers for: what an assessor expects to see, what goes with the statement, how often it is due. */
export function Attestations({ attestations }: { attestations: RequirementDetail["attestations"] }) {
  return (
    <ul className="card divide-y divide-line">
      {attestations.map((attestation) => (
        <li key={attestation.id} className="px-3.5 py-2.5">
          <div className="mb-1.5 flex flex-wrap items-center gap-x-3 gap-y-0.5">
            <h3 className="min-w-0 flex-1 basis-64 font-medium">{attestation.title}</h3>
            <StatusLabel status={attestation.status} />
          </div>
          <KeyValue
            items={[
              { name: "Assessor expects", value: attestation.assessorExpects },
              { name: "To upload", value: sentence(attestation.uploads) },
              { name: "How often", value: sentence(attestation.frequency) },
              {
                name: "Answers for",
                value:
                  attestation.requirements === 1
                    ? "this requirement only"
                    : `${attestation.requirements} requirements, this one among them`,
              },
            ]}
          />
        </li>
      ))}
    </ul>
  );
}
