/** The pattern scan: credentials and card numbers in objects, found where they lie and told without their values. */
export { PatternScanner } from "./scanner";
export { scanObject } from "./scan-object";
export { patternScan } from "./schema";
export {
  CARD_RULES,
  CREDENTIAL_RULES,
  isCardRule,
  isTruncated,
  PATTERN_RULES,
  PATTERN_RULES_VERSION,
  type PatternHit,
  type PatternRule,
  type PatternScan,
} from "./types";
