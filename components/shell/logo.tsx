/** A ring with a fence post: the mark of the product. */
export function Logo({ size = 22 }: { size?: number }) {
  return (
    <span
      className="grid shrink-0 place-items-center rounded-chip bg-ink text-on-ink"
      style={{ width: size, height: size }}
    >
      <svg
        aria-hidden="true"
        width={size * 0.64}
        height={size * 0.64}
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
      >
        <path
          d="M12 2.6c2.5 2 5.2 2.7 8 2.7V13c0 4.6-3.1 7.3-8 9-4.9-1.7-8-4.4-8-9V5.3c2.8 0 5.5-.7 8-2.7z"
          strokeLinejoin="round"
        />
        <path d="M12 2.6V22" />
      </svg>
    </span>
  );
}
