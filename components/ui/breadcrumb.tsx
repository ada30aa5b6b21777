import Link from "next/link";

export interface Crumb {
  label: string;
  /** Absent for the last: where one is. */
  href?: string;
}

/** Where this page lies; the last is bold and no link. A phone shows the thing and its list, or the list alone. */
export function Breadcrumb({ items }: { items: readonly Crumb[] }) {
  const isHiddenOnPhone = (index: number) => index < Math.max(1, items.length - 2);
  return (
    <nav aria-label="Breadcrumb" className="min-w-0">
      <ol className="flex min-w-0 items-center gap-2 whitespace-nowrap text-fg-3">
        {items.map((item, index) => (
          <li
            key={`${index}${item.label}`}
            className={`flex min-w-0 items-center gap-2 ${isHiddenOnPhone(index) ? "max-md:hidden" : ""}`}
          >
            {index > 0 ? (
              <span
                aria-hidden="true"
                className={`text-line-strong ${isHiddenOnPhone(index - 1) ? "max-md:hidden" : ""}`}
              >
                /
              </span>
            ) : null}
            {item.href ? (
              <Link prefetch={false} href={item.href} className="rounded hover:text-fg">
                {item.label}
              </Link>
            ) : (
              <span aria-current="page" className="truncate font-strong text-fg">
                {item.label}
              </span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
