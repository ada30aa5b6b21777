import type { ReactNode } from "react";
import type { Shape, Tone } from "./statuses";

const FILL: Record<Tone, string> = {
  pass: "var(--pass)",
  fail: "var(--fail)",
  warn: "var(--warn)",
  human: "var(--human)",
  exc: "var(--exc)",
  none: "var(--none)",
};

const TICK = "M4.9 8.3l2.15 2.15 4.1-4.5";
const line = { fill: "none", strokeLinecap: "round", strokeLinejoin: "round" } as const;

/** The drawing of each shape, 16 by 16. */
const DRAW: Record<Shape, (fill: string) => ReactNode> = {
  "circle-tick": (fill) => (
    <>
      <circle cx="8" cy="8" r="7" fill={fill} />
      <path d={TICK} {...line} stroke="var(--on-solid)" strokeWidth="1.6" />
    </>
  ),
  "octagon-cross": (fill) => (
    <>
      <path d="M14.93 10.87 10.87 14.93H5.13L1.07 10.87V5.13L5.13 1.07h5.74l4.06 4.06z" fill={fill} />
      <path d="M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8" {...line} stroke="var(--on-solid)" strokeWidth="1.6" />
    </>
  ),
  "triangle-mark": (fill) => (
    <>
      <path d="M8 1.9 15 14H1z" fill={fill} stroke={fill} strokeWidth="1.2" strokeLinejoin="round" />
      <path d="M8 6.2v3.4M8 11.8v.1" {...line} stroke="var(--on-solid)" strokeWidth="1.6" />
    </>
  ),
  "circle-dashed": (fill) => (
    <circle cx="8" cy="8" r="6.3" fill="none" stroke={fill} strokeWidth="1.5" strokeDasharray="2.3 2.25" />
  ),
  "square-lines": (fill) => (
    <>
      <rect x="1.8" y="1.8" width="12.4" height="12.4" rx="3" fill="none" stroke={fill} strokeWidth="1.5" />
      <path d="M5 8h6M5 5.4h6M5 10.6h3.4" {...line} stroke={fill} strokeWidth="1.3" />
    </>
  ),
  "square-tick": (fill) => (
    <>
      <rect x="1" y="1" width="14" height="14" rx="3.4" fill={fill} />
      <path d={TICK} {...line} stroke="var(--on-solid)" strokeWidth="1.6" />
    </>
  ),
  "diamond-wave": (fill) => (
    <>
      <rect x="2.9" y="2.9" width="10.2" height="10.2" rx="1.6" transform="rotate(45 8 8)" fill={fill} />
      <path d="M5.2 8.5c.9-1.3 1.9-1.3 2.8-.5s1.9.8 2.8-.5" {...line} stroke="var(--on-solid)" strokeWidth="1.5" />
    </>
  ),
  "circle-dash": (fill) => (
    <>
      <circle cx="8" cy="8" r="6.3" fill="none" stroke={fill} strokeWidth="1.4" />
      <path d="M5.2 8h5.6" {...line} stroke={fill} strokeWidth="1.5" />
    </>
  ),
};

/** The shape alone, hidden from assistive technology: a word or a label always stands beside it or around it. */
export function StatusIcon({ shape, tone, size = 16 }: { shape: Shape; tone: Tone; size?: number }) {
  return (
    <svg aria-hidden="true" width={size} height={size} viewBox="0 0 16 16" className="block shrink-0">
      {DRAW[shape](FILL[tone])}
    </svg>
  );
}
