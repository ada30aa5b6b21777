/** Every check of the Pod Security Standards. An explicit list: a check that nobody lists is a check that nobody runs. */
import type { Check } from "./check";
import { allowPrivilegeEscalation } from "./checks/allow-privilege-escalation";
import { appArmorProfile } from "./checks/app-armor-profile";
import { capabilitiesBaseline } from "./checks/capabilities-baseline";
import { capabilitiesRestricted } from "./checks/capabilities-restricted";
import { hostNamespaces } from "./checks/host-namespaces";
import { hostPathVolumes } from "./checks/host-path-volumes";
import { hostPorts } from "./checks/host-ports";
import { hostProbesAndHostLifecycle } from "./checks/host-probes-and-host-lifecycle";
import { privileged } from "./checks/privileged";
import { procMount } from "./checks/proc-mount";
import { procMountRestricted } from "./checks/proc-mount-restricted";
import { restrictedVolumes } from "./checks/restricted-volumes";
import { runAsNonRoot } from "./checks/run-as-non-root";
import { runAsUser } from "./checks/run-as-user";
import { seLinuxOptions } from "./checks/se-linux-options";
import { seccompProfileBaseline } from "./checks/seccomp-profile-baseline";
import { seccompProfileRestricted } from "./checks/seccomp-profile-restricted";
import { sysctls } from "./checks/sysctls";
import { windowsHostProcess } from "./checks/windows-host-process";

/** In the order in which the API server lists them in a refusal: baseline by id, then restricted by id. */
export const CHECKS: readonly Check[] = [
  appArmorProfile,
  capabilitiesBaseline,
  hostNamespaces,
  hostPathVolumes,
  hostPorts,
  hostProbesAndHostLifecycle,
  privileged,
  procMount,
  seLinuxOptions,
  seccompProfileBaseline,
  sysctls,
  windowsHostProcess,
  allowPrivilegeEscalation,
  capabilitiesRestricted,
  procMountRestricted,
  restrictedVolumes,
  runAsNonRoot,
  runAsUser,
  seccompProfileRestricted,
];

/** The newest minor version whose rules are known here. A newer request gets these rules, as an older API server would do. */
export const NEWEST_MINOR = 37;
