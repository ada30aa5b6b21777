"use client";
import { Moon, Sun } from "lucide-react";

/** Light or dark, kept for a year in a cookie that the server reads before it draws, so nothing flashes. */
export function ThemeToggle() {
  const toggle = () => {
    const root = document.documentElement;
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
    const theme = dark ? "light" : "dark";
    root.dataset.theme = theme;
    // The Cookie Store API is missing in Firefox and Safari.
    document.cookie = `ringfence-theme=${theme};path=/;max-age=31536000;samesite=lax`;
  };
  return (
    <button
      type="button"
      onClick={toggle}
      aria-label="Switch between light and dark"
      title="Switch between light and dark"
      className="grid size-7 shrink-0 place-items-center rounded-control text-fg-2 hover:bg-hover"
    >
      <Moon size={15} aria-hidden="true" className="theme-light-only" />
      <Sun size={15} aria-hidden="true" className="theme-dark-only" />
    </button>
  );
}
