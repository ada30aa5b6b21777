/** The agent's image on a simulated cluster is the real agent bundle, run by the Node that runs the simulator. */
import type { Program } from "./program";
import { SERVICE_ACCOUNT_FOLDER } from "./defaults";

export function agentProgram(bundle: string): Program {
  return {
    runs: (image) => /(^|\/)(ringfence-agent|ringfence\/agent)(:|@|$)/.test(image),
    command: [process.execPath, "--max-old-space-size=96", bundle],
    environment: (mounted) => ({
      RINGFENCE_SERVICE_ACCOUNT_DIR: mounted(SERVICE_ACCOUNT_FOLDER),
      NODE_ENV: "production",
    }),
  };
}
