"use client";
import { CircleAlert, CircleCheck, X } from "lucide-react";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";

interface Toast {
  id: number;
  tone: "done" | "problem";
  title: string;
  text?: ReactNode;
}
const ToastContext = createContext<(toast: Omit<Toast, "id">) => void>(() => undefined);

/** Shows a short report at the bottom right: `toast({ tone: "done", title: "Check requested" })`. */
export function useToast() {
  return useContext(ToastContext);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const next = useRef(0);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback((toast: Omit<Toast, "id">) => {
    next.current += 1;
    const id = next.current;
    setToasts((all) => [...all.slice(-2), { ...toast, id }]);
  }, []);
  const value = useMemo(() => show, [show]);
  return (
    <ToastContext value={value}>
      {children}
      <div
        aria-live="polite"
        className="no-print fixed right-4 bottom-4 z-40 flex w-82 max-w-[calc(100vw-2rem)] flex-col gap-2 max-md:bottom-18"
      >
        {toasts.map((toast) => (
          <ToastCard key={toast.id} toast={toast} drop={drop} />
        ))}
      </div>
    </ToastContext>
  );
}

function ToastCard({ toast, drop }: { toast: Toast; drop: (id: number) => void }) {
  const Icon = toast.tone === "done" ? CircleCheck : CircleAlert;
  useEffect(() => {
    // A problem stays until it is read; good news leaves by itself.
    if (toast.tone === "problem") return;
    const timer = setTimeout(() => drop(toast.id), 6000);
    return () => clearTimeout(timer);
  }, [toast, drop]);
  return (
    <div className="flex gap-2.5 rounded-card border border-line-strong bg-surface p-3 shadow-float">
      <Icon size={17} aria-hidden="true" className={toast.tone === "done" ? "text-fg-2" : "text-fail"} />
      <div className="min-w-0 flex-1">
        <p className="font-strong">{toast.title}</p>
        {toast.text ? <p className="text-fg-3">{toast.text}</p> : null}
      </div>
      <button
        type="button"
        aria-label="Dismiss"
        className="grid size-6 place-items-center rounded text-fg-3 hover:bg-hover"
        onClick={() => drop(toast.id)}
      >
        <X size={14} aria-hidden="true" />
      </button>
    </div>
  );
}
