import type { ReactNode } from "react";

/** Facts about one thing: names at the left, values at the right. */
export function KeyValue({
  items,
  narrow = false,
}: {
  items: readonly { name: string; value: ReactNode }[];
  narrow?: boolean;
}) {
  return (
    <dl
      className={
        narrow
          ? "grid grid-cols-[92px_minmax(0,1fr)] gap-x-3 gap-y-2"
          : "grid grid-cols-[132px_minmax(0,1fr)] gap-x-3 gap-y-2"
      }
    >
      {items.map((item) => (
        <div key={item.name} className="contents">
          <dt className="text-fg-3">{item.name}</dt>
          <dd className="min-w-0 break-words">{item.value}</dd>
        </div>
      ))}
    </dl>
  );
}
