"use client";
import { Check, ChevronDown, Folder, Search, Server, type LucideIcon } from "lucide-react";
import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { useQuery } from "@tanstack/react-query";
import type { FleetPage } from "@/lib/api/clusters";
import { addressOf } from "@/components/ui/address";
import { request } from "../request";

interface Choice {
  slug: string;
  name: string;
}
const WITH_LENS = ["clusters", "requirements", "controls", "findings", "scope"];

/** Project and cluster of every list, in the address. Absent where the page is about something else. */
export function LensBar({ organization, projects }: { organization: string; projects: readonly Choice[] }) {
  const path = usePathname();
  const section = path.split("/")[3] ?? "";
  const isOneCluster = section === "clusters" && path.split("/").length > 4;
  const isAboutGuides = path.endsWith("/controls/guides");
  if (!WITH_LENS.includes(section) || isOneCluster || isAboutGuides) return null;
  return (
    <div className="no-print ml-auto flex items-center gap-1.5">
      <LensMenu name="project" label="Project" icon={Folder} choices={projects} />
      {section === "clusters" ? null : <ClusterMenu organization={organization} />}
    </div>
  );
}

function ClusterMenu({ organization }: { organization: string }) {
  const [opened, setOpened] = useState(false);
  const [q, setQ] = useState("");
  const project = useSearchParams().get("project");
  const query = new URLSearchParams({
    pageSize: "20",
    sort: "name",
    ...(q ? { q } : {}),
    ...(project ? { project } : {}),
  });
  const { data, isError } = useQuery({
    queryKey: ["lens-clusters", organization, project, q],
    queryFn: ({ signal }) => request<FleetPage>(`/api/o/${organization}/clusters?${query}`, { signal }),
    enabled: opened,
  });
  return (
    <LensMenu
      name="cluster"
      label="Cluster"
      icon={Server}
      choices={data?.items ?? []}
      total={data?.total}
      problem={isError ? "The list did not load." : data === undefined ? "Reading" : null}
      onOpen={() => setOpened(true)}
      onSearch={setQ}
    />
  );
}

function LensMenu({
  name,
  label,
  icon: Icon,
  choices,
  total,
  problem = null,
  onOpen,
  onSearch,
}: {
  name: string;
  label: string;
  icon: LucideIcon;
  choices: readonly Choice[];
  total?: number;
  problem?: string | null;
  onOpen?: () => void;
  onSearch?: (q: string) => void;
}) {
  const ref = useRef<HTMLDetailsElement>(null);
  const path = usePathname();
  const params = useSearchParams();
  const current = Object.fromEntries(params);
  const selected = params.get(name);
  useEffect(() => {
    const close = (event: Event) => {
      const box = ref.current;
      if (!box?.open) return;
      if (event instanceof KeyboardEvent ? event.key === "Escape" : !box.contains(event.target as Node)) {
        box.open = false;
        if (event instanceof KeyboardEvent) box.querySelector("summary")?.focus();
      }
    };
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", close);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", close);
    };
  }, []);
  const item = "flex min-h-8 items-center gap-2 rounded-chip px-2 py-1 hover:bg-hover";
  const choose = () => {
    if (ref.current) ref.current.open = false;
  };
  return (
    <details ref={ref} className="relative" onToggle={(event) => event.currentTarget.open && onOpen?.()}>
      <summary className="flex h-7 items-center gap-1.5 rounded-control border border-line bg-surface px-2 font-medium whitespace-nowrap text-fg-2 hover:bg-hover">
        <Icon size={14} aria-hidden="true" />
        <span className="text-fg-3 max-sm:sr-only">{label}</span>
        <span className="max-w-40 truncate text-fg max-sm:max-w-20">
          {choices.find((c) => c.slug === selected)?.name ?? selected ?? "All"}
        </span>
        <ChevronDown size={13} aria-hidden="true" />
      </summary>
      <div className="absolute right-0 z-30 mt-1 max-h-96 w-66 overflow-y-auto rounded-card border border-line-strong bg-surface p-1.5 shadow-float">
        {onSearch ? (
          <label className="relative mb-1 block">
            <Search size={13} aria-hidden="true" className="absolute top-2.5 left-2.5 text-fg-3" />
            <span className="sr-only">Search {label.toLowerCase()}s</span>
            <input
              className="field field-quiet w-full pl-8"
              placeholder="Search"
              onChange={(event) => onSearch(event.target.value)}
            />
          </label>
        ) : null}
        <Link prefetch={false} onClick={choose} href={addressOf(path, current, { [name]: null })} className={item}>
          <span className="flex-1">All</span>
          {selected === null ? <Check size={14} aria-label="selected" /> : null}
        </Link>
        {choices.map((choice) => (
          <Link
            key={choice.slug}
            prefetch={false}
            onClick={choose}
            href={addressOf(path, current, { [name]: choice.slug, ...(name === "project" ? { cluster: null } : {}) })}
            className={item}
          >
            <span className="min-w-0 flex-1 truncate">{choice.name}</span>
            {choice.slug === selected ? <Check size={14} aria-label="selected" /> : null}
          </Link>
        ))}
        {problem ? <p className="px-2 py-1.5 text-fg-3">{problem}</p> : null}
        {total !== undefined && total > choices.length ? (
          <p className="px-2 py-1.5 text-small text-fg-3">
            {choices.length} of {total}. Search for the others.
          </p>
        ) : null}
      </div>
    </details>
  );
}
