/** Import of the control plane's command lines, where no pod shows them: k3s, Talos, hosted planes. */
import { z } from "zod";
import { redactCommand } from "../host-files/settings";
import { documentImport } from "./types";

export const controlPlaneCommandsImport = documentImport(
  {
    id: "control-plane-commands",
    title: "Command lines of the control plane",
    nature: "fact",
    description:
      "The flags that each component runs with on each node, for clusters that don't show them as pods. Values of passwords and tokens are taken out as the document is read.",
    howToGet:
      "k3s: journalctl -u k3s | grep 'Running kube-apiserver' | tail -1 (and the other components) on each server. Elsewhere: ps -o args= -C kube-apiserver. Put the words, or the whole line, below `command`.",
    controls: [
      "cp-authorization-mode",
      "cp-admission-plugins",
      "cp-tls-config",
      "cp-etcd-secured",
      "cp-controllers-hardened",
      "cp-flags-consistent",
      "sec-etcd-encryption-on",
      "auth-anonymous-scoped",
      "log-audit-enabled",
    ],
    example: `components:
  - node: server-1
    component: kube-apiserver
    command: kube-apiserver --authorization-mode=Node,RBAC --anonymous-auth=false --profiling=false
  - node: server-1
    component: kube-scheduler
    command: [kube-scheduler, --profiling=false, --bind-address=127.0.0.1]
`,
  },
  z.strictObject({
    components: z
      .array(
        z.strictObject({
          node: z.string().min(1).max(253),
          component: z.enum(["kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"]),
          command: z.union([z.string().max(65_536), z.array(z.string().max(8192)).max(500)]),
        }),
      )
      .min(1)
      .max(500),
  }),
  ({ components }, origin) => ({
    facts: {
      componentCommands: components.map(({ node, component, command }) => {
        const words = typeof command === "string" ? command.split(/\s+/).filter((word) => word !== "") : command;
        const [first = ""] = words;
        // The log of k3s leaves the program out; the flags begin at once.
        const whole = first.startsWith("-") || first === "" ? [component, ...words] : words;
        return { origin, node, component, command: redactCommand(whole) };
      }),
    },
  }),
);
