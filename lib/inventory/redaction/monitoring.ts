/** The allow-lists of kinds about monitoring (node leases, runtime sensors, alert rules). How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { labelSelector } from "./metadata";
import { flag, integer, intOrString, list, map, open, presence, record, type Shape, text } from "./shape";

export const leaseBody: CustomBody = record({ spec: open, status: open });
/** Which kernel functions a Tetragon policy watches and with which arguments: for files these are the paths. */
const tetragonProbes = list(
  record({
    call: text,
    syscall: flag,
    hook: text,
    subsystem: text,
    event: text,
    path: text,
    selectors: list(
      record({
        matchArgs: list(record({ index: integer, operator: text, values: list(text) })),
        matchActions: list(record({ action: text })),
      }),
    ),
  }),
);
const tracingPolicy: CustomBody = record(
  {
    spec: record({
      kprobes: tetragonProbes,
      tracepoints: tetragonProbes,
      lsmhooks: tetragonProbes,
      uprobes: tetragonProbes,
      podSelector: labelSelector,
    }),
  },
  ["spec"],
);
export const tracingPolicyBody: CustomBody = tracingPolicy;
export const tracingPolicyNamespacedBody: CustomBody = tracingPolicy;

/** The File Integrity Operator's object: which nodes it watches and whether it does. */
export const fileIntegrityBody: CustomBody = record({
  spec: record({
    nodeSelector: map(text),
    config: record({ name: text, namespace: text, gracePeriod: integer }),
    tolerations: list(record({ key: text, operator: text, value: text, effect: text })),
  }),
  status: record({ phase: text }),
});

/** Alerts by name with what they ask for; annotations hold whatever people write into a message. */
export const prometheusRuleBody: CustomBody = record(
  {
    spec: record({
      groups: list(
        record({
          name: text,
          rules: list(record({ alert: text, expr: intOrString, for: text, labels: record({ severity: text }) })),
        }),
      ),
    }),
  },
  ["spec"],
);

const route: Shape<Record<string, unknown>> = (value, at) =>
  record({
    receiver: text,
    matchers: list(record({ name: text, value: text, matchType: text, regex: flag })),
    continue: flag,
    routes: list(route),
  })(value, at);
const RECEIVER_KINDS = [
  "discordConfigs",
  "emailConfigs",
  "mattermostConfigs",
  "msteamsConfigs",
  "msteamsv2Configs",
  "opsgenieConfigs",
  "pagerdutyConfigs",
  "pushoverConfigs",
  "rocketchatConfigs",
  "slackConfigs",
  "snsConfigs",
  "telegramConfigs",
  "victoropsConfigs",
  "webexConfigs",
  "webhookConfigs",
  "wechatConfigs",
];
/** Receivers by name and kind. Their addresses and keys stay in the cluster, of each only that it is there. */
export const alertmanagerConfigBody: CustomBody = record(
  {
    spec: record({
      route,
      receivers: list(
        record({ name: text, ...Object.fromEntries(RECEIVER_KINDS.map((kind) => [kind, list(presence)])) }, ["name"]),
      ),
    }),
  },
  ["spec"],
);
