/** Version of this agent; a test holds it equal to package.json's. It goes into every heartbeat. */
export const AGENT_VERSION = "0.1.0";
