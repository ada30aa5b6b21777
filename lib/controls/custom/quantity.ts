/** Resource quantities (Kubernetes API conventions, "Quantity"): `500m`, `1.5Gi`, `2e3`. */

const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i|[numkMGTPE])?)$/;

/** The amount in units (cores, bytes); null for a text that is no quantity. */
export function parseQuantity(text: string): number | null {
  const match = QUANTITY.exec(text);
  if (match === null) return null;
  const [, digits = "", exponent, suffix = ""] = match;
  if (exponent !== undefined) return Number(digits + exponent);
  const factor = SUFFIXES[suffix];
  return factor === undefined ? null : Number(digits) * factor;
}
