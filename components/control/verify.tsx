import type { ControlDetail } from "@/lib/api/assessment";
import { CodeBlock } from "@/components/ui/code-block";

/** A command that shows the same facts without us, what to look for, and what it needs. */
export function Verify({ title, verify }: { title: string; verify: ControlDetail["verify"] }) {
  return (
    <div className="space-y-2">
      <CodeBlock title={title} language="shell" text={verify.command} />
      <p className="text-fg-2">
        <span className="text-fg-3">Expect:</span> {verify.expect}
      </p>
      <p className="text-small text-fg-3">
        Needs kubectl and jq{verify.needs.length > 0 ? `, ${verify.needs.join(", ")}` : ""}, and read access to the
        cluster. It changes nothing.
      </p>
    </div>
  );
}
