import { describe, expect, it } from "vitest";
import {
  cdeNamespace,
  container,
  contextOf,
  deployment,
  minimalPodSpec,
  namespace,
  object,
} from "@/lib/fixtures/builders";
import { type AdmissionPolicyDocument, importAdmissionPolicy } from "./admission-policy";
import { compileCustomControl } from "./compile";
import { createEnvironment } from "./environment";
import { evaluateCustomControl } from "./evaluate";
import { parseQuantity } from "./quantity";
import type { CustomControlDefinition } from "./types";

const definition = (fields: Partial<CustomControlDefinition> = {}): CustomControlDefinition => ({
  id: "custom-team-label",
  title: "Workloads name their team",
  severity: "medium",
  why: "An owner answers for a component.",
  kinds: ["deployments"],
  scope: [],
  matchConditions: [],
  variables: [],
  validations: [{ expression: "has(object.metadata.labels.team)", message: "the label team is missing" }],
  requirements: [{ requirement: "12.5.1", kind: "supporting", rationale: "An inventory has owners." }],
  revision: 1,
  ...fields,
});
const labelled = deployment("web", "cde", minimalPodSpec(), { metadata: { labels: { team: "pay" } } });
const bare = deployment("api", "cde", minimalPodSpec(), { metadata: { labels: { app: "api" } } });

function run(fields: Partial<CustomControlDefinition>, objects: readonly unknown[], options = {}) {
  const { compiled, problems } = compileCustomControl(definition(fields));
  expect(problems).toEqual([]);
  if (compiled === null) throw new Error("not compiled");
  return evaluateCustomControl(compiled, contextOf(objects, options)).map((r) => [r.status, r.object.name, r.reason]);
}
const problemsOf = (fields: Partial<CustomControlDefinition>) => compileCustomControl(definition(fields)).problems;
const problemOf = (expression: string, kinds: CustomControlDefinition["kinds"] = ["deployments"]) =>
  problemsOf({ kinds, validations: [{ expression }] })[0]?.problem ?? null;

describe("evaluating", () => {
  it("passes what fulfils every expression and fails the rest with the message", () => {
    expect(run({}, [cdeNamespace(), labelled, bare])).toEqual([
      ["fail", "api", "the label team is missing"],
      ["pass", "web", "the expression holds"],
    ]);
  });
  it("judges only the categories of its scope, and says unknown where none is declared", () => {
    const shop = namespace("shop", { "pci-scope": "out-of-scope" });
    expect(run({ scope: ["cde"] }, [cdeNamespace(), shop, bare, deployment("x", "shop")])).toEqual([
      ["fail", "api", "the label team is missing"],
    ]);
    expect(run({ scope: ["cde"] }, [namespace("cde"), bare])[0]?.[0]).toBe("unknown");
  });
  it("chooses by selectors and conditions, and an empty choice is not applicable", () => {
    expect(run({ objectSelector: { matchLabels: { app: "api" } } }, [cdeNamespace(), labelled, bare])).toHaveLength(1);
    expect(run({ namespaceSelector: { matchLabels: { tier: "x" } } }, [cdeNamespace(), bare])[0]?.[0]).toBe(
      "not-applicable",
    );
    const condition = { name: "named", expression: "object.metadata.name.startsWith('w')" };
    expect(run({ matchConditions: [condition] }, [cdeNamespace(), labelled, bare]).map(([, name]) => name)).toEqual([
      "web",
    ]);
  });
  it("is unknown where an expression has no answer, never pass or fail", () => {
    const [result] = run({ validations: [{ expression: "object.metadata.labels.team == 'pay'" }] }, [
      cdeNamespace(),
      bare,
    ]);
    expect(result?.[0]).toBe("unknown");
  });
  it("is unknown where the value is redacted", () => {
    const noted = deployment("api", "cde", minimalPodSpec(), {
      metadata: { annotations: { "example.com/note": "x" } },
    });
    const expression = "object.metadata.annotations['example.com/note'] != 'bad'";
    expect(run({ validations: [{ expression }] }, [cdeNamespace(), noted])[0]?.[0]).toBe("unknown");
  });
  it("is unknown where the kind could not be read", () => {
    const sections = { deployments: { status: "forbidden" as const } };
    expect(run({}, [cdeNamespace()], { sections })[0]?.[0]).toBe("unknown");
  });
  it.each([
    ["object.metadata.name.matches('^w[a-z\\\\-]+$')", "pass"],
    ["sets.contains(['web', 'api'], [object.metadata.name])", "pass"],
    ["sets.intersects([object.metadata.name], ['api'])", "fail"],
    ["sets.equivalent(object.spec.template.spec.containers.map(c, c.name), ['app', 'app'])", "pass"],
    ["sets.contains([[1]], [[1]])", "unknown"],
    ["object.metadata.name.replace('e', 'a') == 'wab' && object.metadata.name.charAt(0) == 'w'", "pass"],
    ["object.metadata.name.charAt(9) == ''", "unknown"],
    ["object.metadata.labels.nothing == 'x' || true", "pass"],
    ["false && object.metadata.labels.nothing == 'x'", "fail"],
    ["object.spec.?replicas.orValue(1) == 1", "pass"],
    ["'team' in object.metadata.labels && object.metadata.labels.all(key, key == 'team')", "pass"],
    ["object.metadata.labels == {'team': 'pay'} && size(object.metadata.labels) == 1", "pass"],
    ["object.spec.template.spec.containers != [] && object.spec.template.spec != null", "pass"],
  ])("%s: %s", (expression, status) => {
    expect(run({ validations: [{ expression }] }, [cdeNamespace(), labelled])[0]?.[0]).toBe(status);
  });
  it("judges pods at their workload", () => {
    const spec = minimalPodSpec({ containers: [container({ image: "docker.io/x" })] });
    const expression = "object.spec.containers.all(c, c.image.startsWith('registry.example.com/'))";
    const results = run({ kinds: ["pods"], validations: [{ expression }] }, [
      cdeNamespace(),
      object("v1", "Pod", "solo", "cde", { spec, status: { phase: "Running" } }),
    ]);
    expect(results).toEqual([["fail", "solo", expect.stringContaining("failed expression")]]);
  });
  it("evaluates variables when they are asked for, once, and says its own message", () => {
    const results = run(
      {
        variables: [
          { name: "names", expression: "object.spec.template.spec.containers.map(c, c.name)" },
          { name: "broken", expression: "object.metadata.labels.nothing" },
        ],
        validations: [
          { expression: "variables.names.size() > 5", messageExpression: "'only ' + string(variables.names.size())" },
        ],
      },
      [cdeNamespace(), bare],
    );
    expect(results).toEqual([["fail", "api", "only 1"]]);
  });
  it("counts integers as integers and compares quantities", () => {
    const limited = deployment(
      "web",
      "cde",
      minimalPodSpec({ containers: [container({ resources: { limits: { memory: "1.5Gi" } } })] }),
      {
        spec: { replicas: 3 },
      },
    );
    const memory =
      "object.spec.template.spec.containers.all(c, quantity(c.resources.limits.memory).isLessThan(quantity('2Gi')))";
    expect(
      run({ validations: [{ expression: memory }, { expression: "object.spec.replicas % 2 == 1" }] }, [
        cdeNamespace(),
        limited,
      ]),
    ).toEqual([["pass", "web", "all 2 expressions hold"]]);
  });
});

describe("what is refused before it ever runs", () => {
  it.each([
    ["object.spec.template.spec.containers.all(c, !has(c.workingDir))", "c.workingDir is not read"],
    ["!object.spec.template.spec.containers.exists(c, c.env.exists(e, e.value == 'x'))", "e.value is redacted"],
    ["object.spec.template.spec.containers.all(c, c.args.size() == 0)", "c.args is redacted"],
    ["object['spec']['minReadySeconds'] == 1", "is not read"],
    ["cel.bind(s, object.spec.template.spec, has(s.subdomain))", "s.subdomain is not read"],
    [
      "(object.spec.template.spec.containers + object.spec.template.spec.initContainers).all(c, has(c.workingDir))",
      "c.workingDir",
    ],
    ["object.spec.template.spec.?subdomain.orValue('') == ''", "is not read"],
    ["!('minReadySeconds' in object.spec)", "is not read"],
    ["object.spec.all(key, key != 'minReadySeconds')", "name the fields"],
    ["size(object.spec.template.spec.securityContext) == 0", "name the fields"],
    ["object.spec.template.spec.size() > 1", "name the fields"],
    ["object.spec['min' + 'ReadySeconds'] == 1", "name the fields"],
    ["object.metadata.name in object.spec", "name the fields"],
    ["object.spec.template.spec.containers[0] == object.spec.template.spec.containers[1]", "name the fields"],
    ["object.spec.template.spec.containers == object.spec.template.spec.initContainers", "name the fields"],
    ["!has(namespaceObject.spec)", "namespaceObject.spec is not read"],
    ["request.operation == 'CREATE'", "request can't be used"],
    ["params.x == 1", "params can't be used"],
    ["object.metadata.name + 1 == 'a' && 1 + 'a' == 2", "no such overload"],
    ["object.metadata.name", "must give bool"],
    ["'a'", "gives string, must give bool"],
    ["format.dns1123Label().validate('a')", ""],
    ["object.metadata.name ==", ""],
    ["has(object.metadata.resourceVersion)", "redacted"],
    ["object.metadata.name.matches('\\\\Aweb')", "only RE2 knows"],
    ["object.metadata.name.matches('[[:alpha:]]+')", "only RE2 knows"],
    ["object.metadata.name.matches('(?i)web')", "only RE2 knows"],
    ["object.metadata.name.matches('(?!web)')", "RE2 doesn't know"],
    ["object.metadata.name.matches(object.metadata.namespace)", "has to be a text"],
  ])("%s", (expression, says) => {
    const problem = problemOf(expression);
    if (expression === "object.metadata.name") {
      // A value of unknown type may be true or false; what it is shows when it runs.
      expect(problem).toBeNull();
      return;
    }
    expect(problem).toContain(says);
    expect(problem).not.toBeNull();
  });
  it("follows variables", () => {
    const problems = problemsOf({
      variables: [{ name: "spec", expression: "object.spec.template.spec" }],
      validations: [{ expression: "!has(variables.spec.subdomain)" }],
    });
    expect(problems).toEqual([
      { where: "validations[0].expression", problem: expect.stringContaining("not read from deployments") },
    ]);
  });
  it("holds definitions to their limits", () => {
    expect(problemsOf({ kinds: [] })[0]).toEqual({ where: "kinds", problem: "at least 1" });
    expect(problemOf(`'${"a".repeat(5000)}' == ''`)).toContain("longer than");
    expect(problemOf(`${"(".repeat(200)}true${")".repeat(200)}`)).not.toBeNull();
    expect(problemsOf({ validations: Array.from({ length: 31 }, () => ({ expression: "true" })) })[0]?.where).toBe(
      "validations",
    );
  });
  it("does not reach JavaScript through an object", () => {
    for (const expression of ["object.constructor == null", "object.toString() == ''", "object.__proto__ == null"]) {
      expect(problemOf(expression)).not.toBeNull();
    }
  });
});

describe("admission policies", () => {
  const policy: AdmissionPolicyDocument = {
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "no-latest.example.com" },
    spec: {
      matchConstraints: {
        resourceRules: [
          {
            apiGroups: ["apps"],
            apiVersions: ["v1"],
            operations: ["CREATE"],
            resources: ["deployments", "deployments/scale"],
          },
        ],
        namespaceSelector: { matchLabels: { env: "prod" } },
      },
      validations: [{ expression: "object.spec.replicas <= 5", message: "too many" }],
    },
  };
  it("become definitions", () => {
    const { imported, problems } = importAdmissionPolicy(policy, {
      spec: {
        policyName: "no-latest.example.com",
        matchResources: { namespaceSelector: { matchLabels: { team: "pay" } } },
      },
    });
    expect(problems).toEqual([]);
    expect(imported).toMatchObject({ id: "custom-no-latest-example-com", kinds: ["deployments"] });
    const prod = namespace("cde", { env: "prod", team: "pay" });
    expect(run(imported, [prod, deployment("web", "cde", minimalPodSpec(), { spec: { replicas: 9 } })])).toEqual([
      ["fail", "web", "too many"],
    ]);
    expect(
      run(imported, [
        namespace("cde", { env: "prod" }),
        deployment("web", "cde", minimalPodSpec(), { spec: { replicas: 9 } }),
      ])[0]?.[0],
    ).toBe("not-applicable");
  });
  it("refuse a binding's exclusions and operations that leave no object", () => {
    const binding = { spec: { policyName: "no-latest.example.com", matchResources: { excludeResourceRules: [{}] } } };
    expect(importAdmissionPolicy(policy, binding).problems.map(({ where }) => where)).toEqual([
      "binding.spec.matchResources.excludeResourceRules",
    ]);
    const rules = [{ apiGroups: ["apps"], resources: ["deployments"], operations: ["DELETE"] }];
    const deleting = { ...policy, spec: { ...policy.spec, matchConstraints: { resourceRules: rules } } };
    expect(importAdmissionPolicy(deleting).problems.map(({ where }) => where)).toEqual([
      "spec.matchConstraints.resourceRules[0].operations",
    ]);
  });
  it("say what can't be asked of a snapshot", () => {
    const { problems } = importAdmissionPolicy({
      ...policy,
      spec: {
        ...policy.spec,
        paramKind: {},
        matchConstraints: { resourceRules: [{ apiGroups: ["x.io"], resources: ["widgets"] }] },
      },
    });
    expect(problems.map(({ where }) => where)).toEqual(["spec.paramKind", "spec.matchConstraints.resourceRules[0]"]);
  });
});

it.each([
  ["100m", 100_000_000n],
  ["0.1", 100_000_000n],
  ["1Gi", 2n ** 30n * 1_000_000_000n],
  ["1.5Ki", 1_536_000_000_000n],
  ["1e3", 1_000_000_000_000n],
  ["1E", 10n ** 27n],
  [".5", 500_000_000n],
  ["-2", -2_000_000_000n],
  ["0.0000000001", 1n],
  ["1e-99999999", 1n],
  ["1e99999999", (2n ** 63n - 1n) * 1_000_000_000n],
  ["1 Gi", null],
  ["Gi", null],
  ["1ki", null],
  ["1e", null],
  ["", null],
])("quantity %s is %s billionths", (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});

describe("functions of Kubernetes", () => {
  const env = createEnvironment();
  it.each([
    ["quantity('1Gi') == quantity('1024Mi')", true],
    ["quantity('1Gi') != quantity('1024Mi')", false],
    ["quantity('1Gi') in [quantity('1024Mi')]", true],
    ["[quantity('1Gi')] == [quantity('1024Mi')]", true],
    ["quantity('700m').compareTo(quantity('0.7')) == 0", true],
    ["quantity('9007199254740993').isGreaterThan(quantity('9007199254740992'))", true],
    ["quantity('100m').add(quantity('1')).sub(1) == quantity('0.1')", true],
    ["quantity('1.5k').asInteger() == 1500 && !quantity('1.5').isInteger()", true],
    ["quantity('2').asApproximateFloat() == 2.0", true],
    [
      "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.01') && !isIP('::ffff:10.0.0.1') && !isIP('fe80::1%eth0')",
      true,
    ],
    ["ip('2001:db8::1') == ip('2001:0DB8:0:0:0:0:0:1')", true],
    ["ip('10.0.0.1') in [ip('10.0.0.2'), ip('10.0.0.1')]", true],
    ["ip('127.0.0.1').family() == 4 && ip('127.0.0.1').isLoopback() && !ip('127.0.0.1').isGlobalUnicast()", true],
    ["ip('10.0.0.1').isGlobalUnicast() && !ip('255.255.255.255').isGlobalUnicast()", true],
    ["ip('fe80::1').isLinkLocalUnicast() && ip('ff02::1').isLinkLocalMulticast() && ip('::').isUnspecified()", true],
    [
      "ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1') && !ip.isCanonical('2001:db8:0:0:0:0:0:1')",
      true,
    ],
    ["string(ip('2001:0:0:1:0:0:0:1')) == '2001:0:0:1::1'", true],
    ["cidr('10.0.0.0/8').containsIP('10.9.9.9') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.0'))", true],
    ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))", true],
    ["cidr('10.0.0.0/8').containsIP('::1')", false],
    ["cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.1.2.3/8').ip() == ip('10.1.2.3')", true],
    ["string(cidr('::1/128')) == '::1/128' && cidr('::1/128').prefixLength() == 128", true],
    ["!isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0') && !isCIDR('::ffff:10.0.0.0/104') && isCIDR('0.0.0.0/0')", true],
    ["cidr('0.0.0.0/0').containsCIDR('10.0.0.0/8')", true],
  ])("%s is %s", (expression, value) => {
    const run = env.parse(expression);
    expect(run.check()).toMatchObject({ valid: true });
    expect(run({})).toBe(value);
  });
  it("have no answer for what is none", () => {
    for (const expression of [
      "ip('x').family() == 4",
      "cidr('x').prefixLength() == 1",
      "quantity('x') == quantity('1')",
    ])
      expect(() => env.parse(expression)({}) as unknown).toThrow(/is no/);
  });
});
