/** Import of a statement whether backups are taken. */
import { z } from "zod";
import { documentImport } from "./types";

export const backupStatementImport = documentImport(
  {
    id: "backup-statement",
    title: "Whether backups are taken",
    nature: "fact",
    description:
      "A cluster that shows no backup may still be saved by something outside of it. This says whether it is, so that nobody has to guess.",
    howToGet: "From whoever runs the cluster; write it as YAML.",
    controls: ["sto-backup-protected"],
    example: `areBackupsTaken: false
reason: Everything is rebuilt from Git; databases run outside of the cluster
`,
  },
  z.strictObject({ areBackupsTaken: z.boolean(), reason: z.string().min(1).max(2000) }),
  (statement, origin) => ({ facts: { backupStatement: { origin, ...statement } } }),
);
