import clsx from "clsx";
import { CircleAlert, Clock, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

const LOOK = {
  plain: { box: "border-line bg-subtle text-fg-2", icon: Info },
  warn: { box: "border-warn-line bg-warn-tint text-warn-fg", icon: TriangleAlert },
  stale: { box: "border-warn-line bg-warn-tint text-warn-fg", icon: Clock },
  fail: { box: "border-fail-line bg-fail-tint text-fail-fg", icon: CircleAlert },
  human: { box: "border-human-line bg-human-tint text-human-fg", icon: Info },
} as const;

/** A boxed remark; `actions` stand at the right and wrap below on a phone. */
export function Note({
  tone = "plain",
  children,
  actions,
  role,
}: {
  tone?: keyof typeof LOOK;
  children: ReactNode;
  actions?: ReactNode;
  role?: "status" | "alert";
}) {
  const { box, icon: Icon } = LOOK[tone];
  return (
    <div role={role} className={clsx("flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg border px-3 py-2", box)}>
      <Icon size={16} aria-hidden="true" className="mt-0.5 shrink-0" />
      <div className="min-w-0 flex-1 basis-60">{children}</div>
      {actions ? <div className="flex gap-2">{actions}</div> : null}
    </div>
  );
}
