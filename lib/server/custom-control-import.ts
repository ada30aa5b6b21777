/** ValidatingAdmissionPolicies, as somebody has them in files, as drafts of own controls. */
import { LineCounter, parseAllDocuments } from "yaml";
import { z } from "zod";
import type { CustomControlImported } from "@/lib/api/custom-controls";
import { importAdmissionPolicy } from "@/lib/controls/custom/admission-policy";
import { RingfenceError } from "@/lib/errors";
import { problemsOf } from "./custom-controls";
import { type Principal, requireProjectsWith } from "./principal";

const DOCUMENTS = 50;

const text = z.string().max(20_000);
const selector = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(
      z.object({
        key: z.string(),
        operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
const rule = z.object({
  apiGroups: z.array(z.string()).optional(),
  apiVersions: z.array(z.string()).optional(),
  resources: z.array(z.string()).optional(),
  operations: z.array(z.string()).optional(),
  resourceNames: z.array(z.string()).optional(),
});
const match = z.object({
  namespaceSelector: selector.optional(),
  objectSelector: selector.optional(),
  resourceRules: z.array(rule).optional(),
  excludeResourceRules: z.array(rule).optional(),
});
const named = z.array(z.object({ name: text, expression: text }));
const metadata = z.object({ name: z.string().min(1).max(253) });

const policyDocument = z.object({
  kind: z.literal("ValidatingAdmissionPolicy"),
  metadata,
  spec: z.object({
    paramKind: z.unknown().optional(),
    matchConstraints: match.optional(),
    matchConditions: named.optional(),
    variables: named.optional(),
    validations: z
      .array(z.object({ expression: text, message: text.optional(), messageExpression: text.optional() }))
      .optional(),
  }),
});
const bindingDocument = z.object({
  kind: z.literal("ValidatingAdmissionPolicyBinding"),
  metadata,
  spec: z.object({ policyName: z.string(), paramRef: z.unknown().optional(), matchResources: match.optional() }),
});
const document = z.discriminatedUnion("kind", [policyDocument, bindingDocument]);
type Document = z.infer<typeof document>;

/**
 * A draft for each policy, or for each of its bindings where they are in the text; nothing is saved.
 *
 * @throws RingfenceError `forbidden`; `invalid-input` that names the document and the place
 */
export async function importAdmissionPolicies(principal: Principal, yaml: string): Promise<CustomControlImported> {
  requireProjectsWith(principal, "customControl:try");
  const documents = read(yaml);
  const bindings = documents.filter((each) => each.kind === "ValidatingAdmissionPolicyBinding");
  const policies = documents.filter((each) => each.kind === "ValidatingAdmissionPolicy");
  const [first] = policies;
  if (first === undefined) throw invalid("the text", "holds no ValidatingAdmissionPolicy");
  for (const {
    metadata: { name },
    spec,
  } of bindings) {
    if (!policies.some((policy) => policy.metadata.name === spec.policyName))
      throw invalid(`binding ${name}`, `binds ${spec.policyName}, which is not in the text`);
  }
  const drafts = policies.flatMap((policy) => {
    const own = bindings.filter((binding) => binding.spec.policyName === policy.metadata.name);
    return (own.length === 0 ? [undefined] : own).map((binding) => draftOf(policy, binding, own.length > 1));
  });
  return { drafts };
}

function draftOf(
  policy: Extract<Document, { kind: "ValidatingAdmissionPolicy" }>,
  binding: Extract<Document, { kind: "ValidatingAdmissionPolicyBinding" }> | undefined,
  isOneOfSeveral: boolean,
): CustomControlImported["drafts"][number] {
  const { imported, problems } = importAdmissionPolicy(policy, binding);
  const suffix = isOneOfSeveral && binding !== undefined ? `-${slugOf(binding.metadata.name)}` : "";
  const definition = {
    ...imported,
    id: `${imported.id}${suffix}`.slice(0, 80).replace(/-+$/, ""),
    kinds: [...imported.kinds],
    matchConditions: [...imported.matchConditions],
    variables: [...imported.variables],
    validations: [...imported.validations],
    severity: "medium" as const,
    why: `The organization's admission policy ${policy.metadata.name} asks for it.`,
    scope: [],
    requirements: [],
  };
  return {
    policy: policy.metadata.name,
    binding: binding?.metadata.name ?? null,
    definition,
    problems: [...problems, ...problemsOf(definition)],
  };
}

function slugOf(name: string): string {
  return name.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");
}

function read(yaml: string): Document[] {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(yaml, { lineCounter: lines });
  if (parsed.length > DOCUMENTS) throw invalid("the text", `holds more than ${DOCUMENTS} documents`);
  return parsed.flatMap((each, i) => {
    const where = `document ${i + 1}`;
    const [error] = each.errors;
    if (error !== undefined) {
      const line = lines.linePos(error.pos[0]).line;
      throw invalid(`line ${line}`, error.message.split("\n")[0]?.replace(/ at line.*$/, "") ?? "is no YAML");
    }
    let value: unknown;
    try {
      value = each.toJS({ maxAliasCount: 50 });
    } catch {
      throw invalid(where, "refers to its own parts more often than a policy does");
    }
    if (value === null) return [];
    const checked = document.safeParse(value);
    if (checked.success) return [checked.data];
    const [issue] = checked.error.issues;
    const place = issue === undefined || issue.path.length === 0 ? where : `${where}, ${issue.path.join(".")}`;
    const message =
      issue?.path[0] === "kind"
        ? "is no ValidatingAdmissionPolicy or ValidatingAdmissionPolicyBinding"
        : issue?.message;
    throw invalid(place, message ?? "is not valid");
  });
}

function invalid(where: string, message: string): RingfenceError {
  return new RingfenceError("invalid-input", `${where}: ${message}`, { details: [{ where, message }] });
}
