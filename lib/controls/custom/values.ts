/**
 * Objects of the snapshot as CEL sees them: integers as int (BigInt), other numbers as double, and a redacted text as something
 * that can't be read: an expression that touches one has no answer instead of a wrong one.
 */
import { REDACTED } from "@/lib/inventory/redaction";

export class RedactedValue extends Error {}

export function toCel(value: unknown, path = "object"): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((element: unknown, i) => toCel(element, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return value;
  const out = Object.create(null) as Record<string, unknown>;
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue;
    if (inner === REDACTED) {
      Object.defineProperty(out, key, {
        enumerable: true,
        get() {
          throw new RedactedValue(`${path}.${key} is redacted in the snapshot`);
        },
      });
    } else out[key] = toCel(inner, `${path}.${key}`);
  }
  return out;
}
