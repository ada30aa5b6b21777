/**
 * Resource quantities (Kubernetes API conventions, "Quantity"): `500m`, `1.5Gi`, `2e3`. Exact, in billionths: what is finer is
 * rounded up, and what is larger than 2^63 - 1 counts as that, as in apimachinery's resource.Quantity.
 */

export const NANO = 1_000_000_000n;
const LARGEST = (2n ** 63n - 1n) * NANO;

/** Power of ten of each decimal suffix, and of two of each binary one. */
const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const QUANTITY = /^([+-]?)(?:(\d+)\.?(\d*)|\.(\d+))(?:[eE]([+-]?\d+)|([KMGTPE]i|[numkMGTPE])?)$/;
/** Ten to this is beyond the largest quantity, and below the smallest, whatever stands before it in an expression. */
const FARTHEST = 10_000;

/** The amount in billionths of the unit (cores, bytes); null for a text that is no quantity. */
export function parseQuantity(text: string): bigint | null {
  const match = QUANTITY.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", tail = "", bare = "", exponent, suffix = ""] = match;
  const fraction = tail + bare;
  const digits = BigInt(whole + fraction || "0");
  if (digits === 0n) return 0n;
  const ten =
    exponent === undefined ? (DECIMAL[suffix] ?? 0) : Math.max(-FARTHEST, Math.min(FARTHEST, Number(exponent)));
  const nanos = shifted(digits * 2n ** (BINARY[suffix] ?? 0n), ten - fraction.length + 9);
  if (sign === "-") return -nanos;
  return nanos > LARGEST ? LARGEST : nanos;
}

/** `value` times ten to the power, rounded away from zero. */
function shifted(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power);
  const divisor = 10n ** BigInt(-power);
  return (value + divisor - 1n) / divisor;
}
