"use client";
import { type ReactNode, useState } from "react";

/** Native details whose contents enter the page when it is opened for the first time: for many of them on one page. */
export function LazyDetails({
  summary,
  summaryClass,
  className,
  children,
}: {
  summary: ReactNode;
  summaryClass?: string;
  className?: string;
  children: ReactNode;
}) {
  const [wasOpened, setOpened] = useState(false);
  return (
    <details
      className={className}
      onToggle={(event) => {
        if (event.currentTarget.open) setOpened(true);
      }}
    >
      <summary className={summaryClass}>{summary}</summary>
      {wasOpened ? children : null}
    </details>
  );
}
