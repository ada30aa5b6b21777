/** The denominator: reads a snapshot as the API's lists give it and parses it. argv: file */
import { readFileSync } from "node:fs";
import { measured } from "../measured";

await measured(() => {
  const snapshot = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Record<string, { items: unknown[] }>;
  return { objects: Object.values(snapshot).reduce((sum, list) => sum + list.items.length, 0) };
});
