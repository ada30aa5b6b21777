/** What the database refused, in the words that the rest of the room needs. */
import { Prisma } from "./generated/client";

/** True if a row of that key exists already (SQLSTATE 23505, Prisma P2002). */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Prisma.PrismaClientKnownRequestError && error.code === "P2002";
}
