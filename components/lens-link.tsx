"use client";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import type { ComponentProps } from "react";
import { LENS } from "./query";

/** A link that carries the lens along. What the address already says about the lens wins. Never prefetched: opening a page is recorded. */
export function LensLink({ href, ...rest }: Omit<ComponentProps<typeof Link>, "href" | "prefetch"> & { href: string }) {
  const current = useSearchParams();
  const [before = "", hash] = href.split("#");
  const [path = "", query = ""] = before.split("?");
  const params = new URLSearchParams(query);
  for (const name of LENS) {
    const value = current.get(name);
    if (value && !params.has(name)) params.set(name, value);
  }
  params.sort();
  const text = params.toString();
  return (
    <Link prefetch={false} href={`${path}${text ? `?${text}` : ""}${hash === undefined ? "" : `#${hash}`}`} {...rest} />
  );
}
