import clsx from "clsx";
import type { ComponentProps } from "react";

export type ButtonTone = "default" | "primary" | "danger" | "danger-solid" | "quiet";
interface Look {
  tone?: ButtonTone;
  small?: boolean;
}

/** The classes of a button, for links that look like one. */
export function buttonClass({ tone = "default", small = false }: Look, extra?: string): string {
  return clsx("button", tone !== "default" && `button-${tone}`, small && "button-small", extra);
}

export function Button({ tone, small, className, type = "button", ...rest }: ComponentProps<"button"> & Look) {
  return <button type={type} className={buttonClass({ tone, small }, className)} {...rest} />;
}
