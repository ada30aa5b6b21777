/**
 * `npm run create-organization -- --slug acme --name "Acme" --project pci-production="PCI production" --project development`
 *
 * Makes an organization with its projects in the database of DATABASE_URL, and prints the one invitation of its first owner.
 */
import { parseArgs } from "node:util";
import { databaseOf, assertSafeRole } from "../db/client";
import { createOrganization } from "../organizations";
import { runCommand } from "./command";

const USAGE =
  'npm run create-organization -- --slug acme --name "Acme" --project pci-production="PCI production" [--project …] [--hours 72]';

runCommand(async (say) => {
  const { values } = parseArgs({
    options: {
      slug: { type: "string" },
      name: { type: "string" },
      project: { type: "string", multiple: true },
      hours: { type: "string", default: "72" },
    },
  });
  const { slug, name, project = [] } = values;
  const hours = Number(values.hours);
  if (slug === undefined || name === undefined || project.length === 0)
    throw new Error(`Needed: --slug, --name and at least one --project.\n\n  ${USAGE}`);
  if (!Number.isInteger(hours) || hours < 1 || hours > 336)
    throw new Error("--hours must be a whole number from 1 to 336.");
  await assertSafeRole(databaseOf("web"), "web");
  const projects = project.map((text) => {
    const at = text.indexOf("=");
    return at < 0 ? { slug: text, name: text } : { slug: text.slice(0, at), name: text.slice(at + 1) };
  });
  const { invitation } = await createOrganization({ slug, name, projects }, { invitationHours: hours });
  say(`The organization ${name} is at /o/${slug}, with ${projects.map((each) => each.slug).join(", ")}.`);
  say("");
  say("Its first owner signs in, opens /invitation and enters this code. It works once, and is not stored anywhere:");
  say("");
  say(`  ${invitation.token}`);
  say("");
  say(`It expires at ${invitation.expiresAt}.`);
});
