import { describe, expect, it } from "vitest";
import { kyvernoNotes } from "./kyverno-notes";

const deny = (key: string) => ({
  rules: [{ name: "r", validate: { failureAction: "Enforce", deny: { conditions: { any: [{ key }] } } } }],
});
const pattern = (body: unknown) => ({ rules: [{ name: "r", validate: { failureAction: "Enforce", pattern: body } }] });

describe("notes about a Kyverno policy", () => {
  it("finds nothing in a plain one", () => {
    expect(kyvernoNotes(pattern({ spec: { containers: [{ securityContext: { privileged: false } }] } }))).toEqual([]);
    expect(kyvernoNotes(undefined)).toEqual([]);
  });

  it("names the deprecated action where some rule relies on it", () => {
    expect(kyvernoNotes({ validationFailureAction: "Enforce", rules: [{ name: "r", validate: {} }] })).toEqual([
      expect.stringContaining("deprecated since Kyverno 1.13"),
    ]);
    expect(kyvernoNotes({ validationFailureAction: "Audit", ...pattern({}) })).toEqual([]);
  });

  it("names functions that do not exist, and leaves texts alone", () => {
    expect(kyvernoNotes(deny("{{ networkpolicies(request.namespace).items | length(@) }}"))).toEqual([
      expect.stringContaining("rule r: it calls networkpolicies()"),
    ]);
    expect(kyvernoNotes(deny("{{ regex_match('call(me)', to_lower(request.object.metadata.name)) }}"))).toEqual([]);
    expect(kyvernoNotes(deny("{{ time_since('', `x(y)`, '') }}"))).toEqual([]);
  });

  it("names length() of a list that a pod may lack", () => {
    expect(kyvernoNotes(deny("{{ request.object.spec.volumes[].hostPath | length(@) }}"))).toEqual([
      expect.stringContaining("length() fails for a pod without volumes"),
    ]);
    expect(kyvernoNotes(deny("{{ length(request.object.spec.volumes[].hostPath || `[]`) }}"))).toEqual([]);
    expect(kyvernoNotes(deny("{{ length(request.object.spec.containers[].name) }}"))).toEqual([]);
  });

  it("names a pod security context that the API always fills", () => {
    const own = { spec: { "=(securityContext)": { runAsNonRoot: true } } };
    expect(kyvernoNotes(pattern(own))).toEqual([expect.stringContaining("the API fills spec.securityContext with {}")]);
    expect(kyvernoNotes(pattern({ spec: { "=(securityContext)": { "=(runAsNonRoot)": true } } }))).toEqual([]);
    expect(
      kyvernoNotes({ rules: [{ name: "r", validate: { failureAction: "Enforce", anyPattern: [own, { spec: {} }] } }] }),
    ).toEqual([]);
  });
});
