import { describe, expect, it } from "vitest";
import { parseEncryptionTransformers } from "./encryption-metrics";
import { parseAuditDelivery, parseStoredObjects } from "./server-metrics";

const of = (...lines: string[]) => Buffer.from(`${lines.join("\n")}\n`);

describe("the API server's metrics", () => {
  it("tell how many audit events were made and lost", () => {
    const metrics = of(
      "# TYPE apiserver_audit_event_total counter",
      "apiserver_audit_event_total 1.5e+06",
      'apiserver_audit_error_total{plugin="log"} 3',
      'apiserver_audit_error_total{plugin="webhook"} 0',
      "apiserver_audit_event_total_other 9",
    );
    expect(parseAuditDelivery(metrics)).toEqual({ events: 1_500_000, errors: [{ plugin: "log", count: 3 }] });
    expect(parseAuditDelivery(of("x 1"))).toBeUndefined();
  });

  it("tell how many Secrets are stored, under either name of the metric", () => {
    expect(
      parseStoredObjects(
        of('apiserver_storage_objects{resource="secrets"} 12', 'apiserver_storage_objects{resource="pods"} 3'),
      ),
    ).toEqual([{ resource: "secrets", count: 12 }]);
    const newer = of(
      'apiserver_resource_objects{group="",resource="secrets"} 7',
      'apiserver_resource_objects{group="x.io",resource="secrets"} 1',
    );
    expect(parseStoredObjects(newer)).toEqual([{ resource: "secrets", count: 7 }]);
    expect(parseStoredObjects(of('apiserver_storage_objects{resource="secrets"} -1'))).toBeUndefined();
  });

  it("name the transformer that encrypts nothing, whose prefix is empty", () => {
    const line = (prefix: string) =>
      of(
        `apiserver_storage_transformation_operations_total{resource="secrets",status="OK",transformation_type="to_storage",transformer_prefix="${prefix}"} 2`,
      );
    expect(parseEncryptionTransformers(line(""))?.[0]?.prefix).toBe("identity");
    expect(parseEncryptionTransformers(line("k8s:enc:kms:v2:x:"))?.[0]?.prefix).toBe("k8s:enc:kms:v2:x:");
  });
});
