/** Import of kubelets' configurations: what /configz answered, or the file with the flags that override it. */
import { z } from "zod";
import { KUBELET_FLAGS } from "../host-files/settings";
import { readKubeletConfiguration } from "../host-files/documents";
import { documentImport } from "./types";

const host = z.string().min(1).max(253);
const flags = z
  .record(z.string(), z.union([z.string().max(4096), z.number(), z.boolean()]))
  .refine((given) => Object.keys(given).every((key) => KUBELET_FLAGS.includes(key)), {
    message: `may hold only ${KUBELET_FLAGS.join(", ")}`,
  });

export const kubeletConfigurationImport = documentImport(
  {
    id: "kubelet-configuration",
    title: "Kubelet configuration of nodes",
    nature: "fact",
    description:
      "Who may use the kubelet's port, and how it is encrypted: the running configuration of each node, or its file together with the flags that override it (an empty list says that there are none).",
    howToGet:
      "With an account that may get nodes/configz (or nodes/proxy): kubectl get --raw /api/v1/nodes/NODE/proxy/configz, put below `configz`. Or on the node: the file of --config below `file`, and the flags of the kubelet's process below `flags`. The node collector brings it by itself.",
    controls: ["node-kubelet-hardened"],
    example: `nodes:
  - node: node-1
    configz:
      kubeletconfig:
        authentication: { anonymous: { enabled: false }, webhook: { enabled: true }, x509: { clientCAFile: /etc/kubernetes/pki/ca.crt } }
        authorization: { mode: Webhook }
        rotateCertificates: true
        streamingConnectionIdleTimeout: 5m0s
  - node: node-2
    file:
      apiVersion: kubelet.config.k8s.io/v1beta1
      kind: KubeletConfiguration
      authentication: { x509: { clientCAFile: /etc/kubernetes/pki/ca.crt } }
      rotateCertificates: true
    flags: { config: /var/lib/kubelet/config.yaml }
`,
  },
  z.strictObject({
    nodes: z
      .array(
        z.union([
          z.strictObject({ node: host, configz: z.looseObject({ kubeletconfig: z.looseObject({}) }) }),
          z.strictObject({ node: host, file: z.looseObject({}), flags: flags.optional() }),
        ]),
      )
      .min(1)
      .max(5000),
  }),
  ({ nodes }, origin) => ({
    facts: {
      kubeletConfigs: nodes.map((entry) =>
        "configz" in entry
          ? {
              origin,
              node: entry.node,
              source: "running" as const,
              flags: null,
              ...readKubeletConfiguration(entry.configz.kubeletconfig),
            }
          : {
              origin,
              node: entry.node,
              source: "file" as const,
              flags:
                entry.flags === undefined
                  ? null
                  : Object.fromEntries(Object.entries(entry.flags).map(([key, value]) => [key, String(value)])),
              ...readKubeletConfiguration(entry.file),
            },
      ),
    },
  }),
);
