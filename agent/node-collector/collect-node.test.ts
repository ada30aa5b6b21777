import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { certificatesImport } from "@/lib/inventory/imports/certificates";
import { collectNode } from "./collect-node";
import { Host } from "./host";

const PEM = certificatesImport.example.slice(certificatesImport.example.indexOf("-----BEGIN")).replaceAll(/^ +/gm, "");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "ringfence-collect-node-"));
  await mkdir(path.join(folder, "etc/kubernetes/pki"), { recursive: true });
  await writeFile(path.join(folder, "etc/kubernetes/pki/apiserver.crt"), PEM);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it("reads key and signature of a certificate, so that a control can grade them", async () => {
  const report = await collectNode(new Host(folder), {
    nodeName: "cp-1",
    version: "0",
    now: new Date("2026-11-21T12:00:00Z"),
  });
  expect(report.spec).toMatchObject({
    certificates: [
      { path: "/etc/kubernetes/pki/apiserver.crt", keyAlgorithm: "EC", keyBits: 256, signatureHash: "SHA-256" },
    ],
  });
});
