/** Who answers for what where a provider runs a part of the platform (PCI DSS 12.8.4, 12.8.5, 12.9.2). */
import { z } from "zod";
import { approvalFields, moment, name } from "./approval";

export const providerResponsibility = z.strictObject({
  provider: name,
  /** Ids of the controls that the provider answers for. */
  controls: z.array(name).min(1).max(120),
  /** The provider's attestation of compliance that covers the service. */
  attestation: z.strictObject({
    document: name,
    /** It counts until the end of this day. */
    validUntil: moment,
  }),
  ...approvalFields,
});
export type ProviderResponsibility = z.output<typeof providerResponsibility>;
