import { Eye, LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { isAssessor, type Role } from "@/lib/access";
import { ToastProvider } from "@/components/ui/toast";
import { LiveProvider } from "../live";
import { ConnectionBanner } from "./connection-banner";
import { Crumbs } from "./crumbs";
import { LensBar } from "./lens-bar";
import { Logo } from "./logo";
import { BottomBar, SideNav } from "./nav";
import { ROLE_WORDS } from "./navigation";
import { SessionBanner } from "./session-banner";
import { ThemeToggle } from "./theme-toggle";

export interface ShellProps {
  organization: { slug: string; name: string };
  person: { name: string; roles: readonly Role[] };
  session: { idleLeftMilliseconds: number; absoluteLeftMilliseconds: number };
  projects: readonly { slug: string; name: string }[];
  openFindings: number | null;
  signOutPath: string;
  children: ReactNode;
}

/** What stands around every page of an organization: sidebar, top bar, banners, toasts. */
export function Shell({ organization, person, session, projects, openFindings, signOutPath, children }: ShellProps) {
  const signOut = (
    <form method="post" action={signOutPath}>
      <button
        type="submit"
        aria-label="Sign out"
        title="Sign out"
        className="grid size-7 place-items-center rounded-control text-fg-2 hover:bg-hover"
      >
        <LogOut size={15} aria-hidden="true" />
      </button>
    </form>
  );
  return (
    <LiveProvider>
      <ToastProvider>
        <a
          href="#content"
          className="sr-only z-50 rounded-control bg-ink px-3 py-2 text-on-ink focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
        >
          Skip to the content
        </a>
        <div className="min-h-dvh md:grid md:grid-cols-[56px_minmax(0,1fr)] xl:grid-cols-[216px_minmax(0,1fr)] print:block">
          <aside
            aria-label="Sidebar"
            className="no-print sticky top-0 flex h-dvh flex-col border-r border-line bg-canvas px-2 py-2.5 max-md:hidden"
          >
            <div className="flex h-9 items-center gap-2 px-1.5 max-xl:justify-center max-xl:px-0">
              <Logo />
              <span className="min-w-0 max-xl:hidden">
                <b className="block leading-[15px] font-heavy">Ringfence</b>
                <span className="block truncate text-mini leading-[13px] text-fg-3">{organization.name}</span>
              </span>
            </div>
            <SideNav organization={organization.slug} roles={person.roles} openFindings={openFindings} />
            <div className="flex items-center gap-2 border-t border-line pt-2 pl-1.5 max-xl:flex-col max-xl:pl-0">
              <Initials name={person.name} />
              <span className="min-w-0 flex-1 max-xl:hidden">
                <b className="block truncate leading-4 font-strong">{person.name}</b>
                <span className="block truncate text-mini leading-3.5 text-fg-3">
                  {[...new Set(person.roles)].map((role) => ROLE_WORDS[role]).join(", ")}
                </span>
              </span>
              <ThemeToggle />
              {signOut}
            </div>
          </aside>
          <div className="flex min-w-0 flex-col bg-surface pb-16 md:pb-0">
            {isAssessor(person.roles) ? (
              <p className="no-print flex min-h-8 items-center gap-2 border-b border-human-line bg-human-tint px-5 py-1 text-small text-human-fg">
                <Eye size={15} aria-hidden="true" className="shrink-0" />
                <span>
                  Read-only assessor access to <b className="font-strong">{organization.name}</b>. What you open and
                  download is recorded.
                </span>
              </p>
            ) : null}
            <SessionBanner {...session} />
            <ConnectionBanner />
            <header className="no-print sticky top-0 z-20 flex h-12 shrink-0 items-center gap-3 border-b border-line bg-surface px-4 md:px-5">
              <span className="md:hidden">
                <Logo />
              </span>
              <Crumbs organization={organization} />
              <LensBar organization={organization.slug} projects={projects} />
            </header>
            <main id="content" tabIndex={-1} className="min-w-0 flex-1 outline-none">
              {children}
            </main>
          </div>
        </div>
        <BottomBar organization={organization.slug} roles={person.roles}>
          <div className="flex items-center gap-2 px-2.5 py-1.5">
            <span className="min-w-0 flex-1 truncate">{person.name}</span>
            <ThemeToggle />
            {signOut}
          </div>
        </BottomBar>
      </ToastProvider>
    </LiveProvider>
  );
}

function Initials({ name }: { name: string }) {
  const letters = name
    .split(/\s+/)
    .map((part) => part[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  return (
    <span
      aria-hidden="true"
      className="grid size-6 shrink-0 place-items-center rounded-full bg-accent-tint text-[10px] font-heavy text-accent"
    >
      {letters}
    </span>
  );
}
