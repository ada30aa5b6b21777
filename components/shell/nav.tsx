"use client";
import clsx from "clsx";
import { Ellipsis } from "lucide-react";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import type { Role } from "@/lib/access";
import { LensLink } from "../lens-link";
import { navigationFor, type NavItem } from "./navigation";

function useCurrent(organization: string): (item: NavItem) => boolean {
  const path = usePathname();
  return (item) => path === `/o/${organization}/${item.path}` || path.startsWith(`/o/${organization}/${item.path}/`);
}

/** The sidebar's list: words from 1280 px, icons with a name from 768 px. */
export function SideNav({
  organization,
  roles,
  openFindings,
}: {
  organization: string;
  roles: readonly Role[];
  openFindings: number | null;
}) {
  const isCurrent = useCurrent(organization);
  return (
    <nav aria-label="Main" className="mt-1 flex-1 overflow-y-auto">
      {navigationFor(roles).map((group) => (
        <div key={group.label}>
          <p className="px-2 pt-3 pb-1 text-mini font-medium text-fg-3 max-xl:invisible max-xl:h-2 max-xl:p-0">
            {group.label}
          </p>
          {group.items.map((item) => {
            const current = isCurrent(item);
            const count = item.id === "findings" ? openFindings : null;
            return (
              <LensLink
                key={item.id}
                href={`/o/${organization}/${item.path}`}
                aria-current={current ? "page" : undefined}
                aria-label={count === null ? item.label : `${item.label}, ${count} open`}
                title={item.label}
                className={clsx(
                  "flex h-7.5 items-center gap-2.5 rounded-chip px-2 max-xl:h-9 max-xl:justify-center max-xl:px-0",
                  current ? "bg-hover font-strong text-fg" : "font-medium text-fg-2 hover:bg-hover",
                )}
              >
                <item.icon size={15} aria-hidden="true" strokeWidth={1.75} className="shrink-0 max-xl:size-[18px]" />
                <span className="max-xl:hidden">{item.label}</span>
                {count ? (
                  <span className="ml-auto text-[0.72rem] font-strong text-fail-fg max-xl:hidden">
                    {count.toLocaleString("en")}
                  </span>
                ) : null}
              </LensLink>
            );
          })}
        </div>
      ))}
    </nav>
  );
}

/** Phone: four places and "More" at the bottom, 44 px targets. */
export function BottomBar({
  organization,
  roles,
  children,
}: {
  organization: string;
  roles: readonly Role[];
  children: ReactNode;
}) {
  const isCurrent = useCurrent(organization);
  const items = navigationFor(roles).flatMap((group) => group.items);
  const front = ["clusters", "requirements", "findings", "scope"].flatMap((id) =>
    items.filter((item) => item.id === id),
  );
  const rest = items.filter((item) => !front.includes(item));
  const cell = "grid h-14 place-items-center content-center gap-1 text-[0.6875rem]/3";
  return (
    <nav
      aria-label="Main, phone"
      className="no-print fixed inset-x-0 bottom-0 z-30 grid grid-cols-5 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {front.map((item) => (
        <LensLink
          key={item.id}
          href={`/o/${organization}/${item.path}`}
          aria-current={isCurrent(item) ? "page" : undefined}
          className={clsx(cell, isCurrent(item) ? "font-strong text-fg" : "text-fg-3")}
        >
          <item.icon size={19} aria-hidden="true" strokeWidth={1.75} />
          {item.label}
        </LensLink>
      ))}
      <details className="group relative">
        <summary className={clsx(cell, "text-fg-3")}>
          <Ellipsis size={19} aria-hidden="true" />
          More
        </summary>
        <div className="absolute right-2 bottom-16 w-60 rounded-card border border-line-strong bg-surface p-1.5 shadow-float">
          {rest.map((item) => (
            <LensLink
              key={item.id}
              href={`/o/${organization}/${item.path}`}
              className="flex h-11 items-center gap-3 rounded-chip px-2.5 hover:bg-hover"
            >
              <item.icon size={17} aria-hidden="true" /> {item.label}
            </LensLink>
          ))}
          <div className="mt-1 border-t border-line pt-1">{children}</div>
        </div>
      </details>
    </nav>
  );
}
