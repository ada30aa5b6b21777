"use client";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { Button } from "./button";
import { Spinner } from "./spinner";

/**
 * Asks before something that can't be taken back. A native modal dialog: focus is trapped and returned by the browser, Escape
 * closes. `typed` is a word that must be typed first, for what destroys. Stays open and shows the message when `onConfirm` rejects.
 */
export function ConfirmDialog({
  title,
  children,
  confirmLabel,
  typed,
  danger = true,
  onConfirm,
  onClose,
  describeProblem,
}: {
  title: string;
  children: ReactNode;
  confirmLabel: string;
  typed?: string;
  danger?: boolean;
  onConfirm: () => Promise<void>;
  onClose: () => void;
  describeProblem: (error: unknown) => ReactNode;
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [word, setWord] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ReactNode>(null);
  useEffect(() => {
    ref.current?.showModal();
  }, []);
  const confirm = () => {
    setBusy(true);
    setProblem(null);
    onConfirm().then(
      () => ref.current?.close(),
      (error: unknown) => {
        setBusy(false);
        setProblem(describeProblem(error));
      },
    );
  };
  return (
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onClose={onClose}
      className="w-110 max-w-[calc(100vw-2rem)] rounded-card border border-line-strong bg-surface p-5 text-body shadow-float backdrop:bg-[rgb(10_12_17/45%)]"
    >
      <form
        method="dialog"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy && (typed === undefined || word === typed)) confirm();
        }}
      >
        <h2 id={titleId} className="text-[0.9375rem]/6 font-heavy tracking-tight">
          {title}
        </h2>
        <div className="mt-1.5 space-y-2 text-fg-2">{children}</div>
        {typed === undefined ? null : (
          <label className="mt-3 block text-fg-2">
            Type <b className="font-strong text-fg">{typed}</b> to go on
            <input
              className="field mt-1 block w-full"
              value={word}
              autoComplete="off"
              spellCheck={false}
              onChange={(event) => setWord(event.target.value)}
            />
          </label>
        )}
        {problem ? (
          <p role="alert" className="mt-3 text-fail-fg">
            {problem}
          </p>
        ) : null}
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={() => ref.current?.close()}>Cancel</Button>
          <Button
            type="submit"
            tone={danger ? "danger-solid" : "primary"}
            disabled={busy || (typed !== undefined && word !== typed)}
          >
            {busy ? <Spinner size={14} /> : null}
            {confirmLabel}
          </Button>
        </div>
      </form>
    </dialog>
  );
}
