/** The allow-lists of kinds about external secret stores. How such a list is written: shape.ts and custom.ts. */
import type { CustomBody } from "./custom";
import { condition } from "./pod";
import { flag, list, map, presence, record, text } from "./shape";

const storeRef = record({ name: text, kind: text });
const sourceRef = record({ storeRef, generatorRef: record({ kind: text, name: text }) });

/** Which store an ExternalSecret asks, what Secret it fills, and how fresh that is. Paths in the store are not read. */
export const externalSecretBody: CustomBody = record(
  {
    spec: record({
      secretStoreRef: storeRef,
      refreshInterval: text,
      refreshPolicy: text,
      target: record({ name: text, creationPolicy: text, deletionPolicy: text, immutable: flag }),
      data: list(record({ sourceRef })),
      dataFrom: list(record({ sourceRef })),
    }),
    status: record({ refreshTime: text, conditions: list(condition) }),
  },
  ["spec"],
);

/** Of a provider only its name is kept: its settings hold addresses, roles and names of Secrets. */
export const secretStoreBody: CustomBody = record(
  {
    spec: record({ controller: text, provider: map(presence) }),
    status: record({ capabilities: text, conditions: list(condition) }),
  },
  ["spec"],
);
export const clusterSecretStoreBody: CustomBody = secretStoreBody;

export const secretProviderClassBody: CustomBody = record(
  { spec: record({ provider: text, secretObjects: list(record({ secretName: text, type: text })) }) },
  ["spec"],
);
