/** Who receives an alert. A receiver that throws everything away is called so in every alerting system, and is none. */
const NOBODY = /^(?:null|none|noop|no-op|blackhole|black-hole|devnull|dev-null|\/dev\/null|discard|drop|silent)$/i;

/** True when at least one of the receivers is somebody. */
export function hasReceiver(receivers: readonly string[]): boolean {
  return receivers.some((name) => name.trim() !== "" && !NOBODY.test(name.trim()));
}
