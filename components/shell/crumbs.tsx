"use client";
import { usePathname, useSearchParams } from "next/navigation";
import { addressOf, pick } from "@/components/ui/address";
import { Breadcrumb } from "@/components/ui/breadcrumb";
import { LENS } from "../query";
import { crumbsOf } from "./crumbs-of";

export function Crumbs({ organization }: { organization: { slug: string; name: string } }) {
  const lens = pick(Object.fromEntries(useSearchParams()), LENS);
  const items = crumbsOf(usePathname(), organization).map(({ label, path }) => ({
    label,
    href: path === undefined ? undefined : addressOf(path, lens),
  }));
  return <Breadcrumb items={items} />;
}
