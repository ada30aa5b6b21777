/** From an issuer's claims to what we keep of a sign-in. Absent is not empty: what is not stated is recorded as that. */
import { z } from "zod";

/** Some issuers send one string where the specification wants a list. */
const strings = z
  .union([
    z.array(z.string().max(300)),
    z
      .string()
      .max(300)
      .transform((one) => [one]),
  ])
  .transform((list) => list.slice(0, 500));

const claims = z.object({
  iss: z.string(),
  sub: z.string().min(1).max(255),
  name: z.string().optional().catch(undefined),
  preferred_username: z.string().optional().catch(undefined),
  email: z.string().optional().catch(undefined),
  auth_time: z.number().int().positive().optional().catch(undefined),
  amr: strings.optional().catch(undefined),
  acr: z.string().max(300).optional().catch(undefined),
  groups: strings.optional().catch(undefined),
});

export interface Claims {
  issuer: string;
  subject: string;
  name: string;
  email: string | null;
  authenticatedAt: Date | null;
  amr: string[] | null;
  acr: string | null;
  groups: string[];
}

/**
 * The claims of a verified ID token, completed with those of UserInfo where the token is silent.
 *
 * @throws Error if issuer or subject is missing: without both there is no identity.
 */
export function parseClaims(merged: unknown): Claims {
  const found = claims.parse(merged);
  const name = found.name?.trim() || found.preferred_username?.trim() || found.email?.trim() || found.sub;
  return {
    issuer: found.iss,
    subject: found.sub,
    name: name.slice(0, 200),
    email: found.email?.trim().toLowerCase().slice(0, 320) || null,
    authenticatedAt: found.auth_time === undefined ? null : new Date(found.auth_time * 1000),
    amr: found.amr ?? null,
    acr: found.acr ?? null,
    groups: found.groups ?? [],
  };
}

/** True if UserInfo could still say something that the ID token leaves out. */
export function asksUserInfo(idToken: Readonly<Record<string, unknown>>): boolean {
  return idToken.groups === undefined || idToken.name === undefined || idToken.email === undefined;
}
