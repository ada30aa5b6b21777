/** ModSecurity snippets of ingress controllers: of the whole text only the mode of the engine leaves the cluster. */

const RULE_ENGINE = /^[ \t]*SecRuleEngine[ \t]+(On|Off|DetectionOnly)\b/gim;

/** `SecRuleEngine On`, as the last such directive says; null without one. */
export function ruleEngineOf(snippet: string): string | null {
  const mode = [...snippet.matchAll(RULE_ENGINE)].at(-1)?.[1];
  return mode === undefined ? null : `SecRuleEngine ${mode}`;
}
