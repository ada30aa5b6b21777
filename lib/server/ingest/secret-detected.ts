/** The second net caught something: the upload is refused, nothing of it is stored, and the incident is on record. */
import { RingfenceError } from "@/lib/errors";
import type { SecretKind } from "@/lib/inventory/secret-net";

export class SecretDetected extends RingfenceError {
  /**
   * @param where place in the message or the object; never the value
   * @param snapshotId the snapshot that can't be committed any more
   */
  constructor(
    readonly kind: SecretKind,
    readonly where: string,
    readonly snapshotId: string,
  ) {
    super(
      "secret-detected",
      `The upload holds what looks like a ${kind.replaceAll("-", " ")}; nothing of it was stored.`,
    );
    this.name = "SecretDetected";
  }
}
