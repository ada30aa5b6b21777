/** A turning arc for work under way; still under reduced motion, so a word always stands beside it. */
export function Spinner({ size = 16 }: { size?: number }) {
  return (
    <svg
      aria-hidden="true"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      className="shrink-0 animate-[turn_900ms_linear_infinite]"
    >
      <circle cx="8" cy="8" r="6.3" fill="none" stroke="var(--border-strong)" strokeWidth="1.6" />
      <path
        d="M8 1.7a6.3 6.3 0 0 1 6.3 6.3"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
    </svg>
  );
}
