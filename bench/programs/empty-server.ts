/** Serves the empty page in production, as lib/server/start.ts serves the product. argv: folder of the built application, port */
import { createServer } from "node:http";

Object.assign(process.env, { NODE_ENV: "production" });
const [dir = "", port = ""] = process.argv.slice(2);
const { default: next } = await import("next");
const app = next({ dev: false, dir, hostname: "127.0.0.1", port: Number(port) });
await app.prepare();
const handle = app.getRequestHandler();
createServer((request, response) => void handle(request, response)).listen(Number(port), "127.0.0.1", () =>
  console.log("ready"),
);
process.once("SIGTERM", () => process.exit(0));
