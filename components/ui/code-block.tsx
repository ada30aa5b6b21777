import clsx from "clsx";
import { FileCode2, SquareTerminal } from "lucide-react";
import { highlightLine, type Language, type Token } from "./highlight";
import { CopyButton } from "./copy-button";

const COLOUR: Record<Token["kind"], string | undefined> = {
  plain: undefined,
  key: "text-(--syn-key)",
  string: "text-(--syn-str)",
  comment: "text-(--syn-com)",
  number: "text-(--syn-num)",
};

/** A scrolling region has to be reachable by keyboard (WCAG 2.1.1). */
const SCROLLS = { tabIndex: 0, role: "region" } as const;

/**
 * Text to read and copy. `copyText` is what lands on the clipboard when it differs from what is shown (a masked token).
 * `added` tints every line as an addition. Scrolls by keyboard inside its own box.
 */
export function CodeBlock({
  title,
  text,
  copyText,
  language = "text",
  added = false,
  maxHeight,
  copyTone,
}: {
  title: string;
  text: string;
  copyText?: string;
  language?: Language;
  added?: boolean;
  maxHeight?: string;
  copyTone?: "quiet" | "default" | "primary";
}) {
  const Icon = language === "shell" ? SquareTerminal : FileCode2;
  const lines = text.replace(/\n$/, "").split("\n");
  return (
    <figure className="overflow-hidden rounded-lg border border-line bg-code">
      <figcaption className="flex min-h-8.5 items-center gap-2 border-b border-line py-0.5 pr-1.5 pl-3 text-small text-fg-2">
        <Icon size={14} aria-hidden="true" className="shrink-0" />
        <span className="min-w-0 truncate">{title}</span>
        <span className="no-print ml-auto">
          <CopyButton text={copyText ?? text} accessibleLabel={`Copy ${title}`} tone={copyTone} />
        </span>
      </figcaption>
      <pre {...SCROLLS} aria-label={title} className="mono overflow-auto py-2 leading-[19px]" style={{ maxHeight }}>
        <code className="block w-max min-w-full">
          {lines.map((line, index) => (
            <span key={index} className={clsx("block min-h-[19px] px-3.5", added && "bg-(--add-bg)")}>
              {added ? (
                <span aria-hidden="true" className="mr-3 text-fg-3 select-none">
                  +
                </span>
              ) : null}
              {highlightLine(line, language).map((token, position) => (
                <span key={position} className={COLOUR[token.kind]}>
                  {token.text}
                </span>
              ))}
            </span>
          ))}
        </code>
      </pre>
    </figure>
  );
}
