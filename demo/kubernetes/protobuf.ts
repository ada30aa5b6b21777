/**
 * kubectl posts the review kinds (`kubectl auth can-i`, `auth whoami`) as protobuf and does not try JSON when refused. This
 * reads those few messages: the envelope `k8s\0` + runtime.Unknown, and the specs of authorization/v1 and authentication/v1
 * (field numbers: `generated.proto` of the two API groups). Everything else is refused, as before.
 */
import { badRequest } from "./status";

/** Field number → its length-delimited values; numbers and fixed fields are skipped, nothing here needs them. */
function fields(bytes: Buffer): Map<number, Buffer[]> {
  const found = new Map<number, Buffer[]>();
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 28) throw badRequest("the body is not valid protobuf");
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    if (wire === 0) varint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = varint();
      if (at + length > bytes.length) throw badRequest("the body is not valid protobuf");
      const held = found.get(tag >>> 3) ?? [];
      held.push(bytes.subarray(at, at + length));
      found.set(tag >>> 3, held);
      at += length;
    } else throw badRequest("the body is not valid protobuf");
  }
  return found;
}

const text = (message: Map<number, Buffer[]>, field: number) => message.get(field)?.[0]?.toString("utf8") ?? "";

function named(bytes: Buffer | undefined, names: readonly string[]): Record<string, string> | undefined {
  if (!bytes) return undefined;
  const message = fields(bytes);
  return Object.fromEntries(names.map((name, index) => [name, text(message, index + 1)]));
}

/** The posted review as the JSON form of the same object; undefined when the kind is not one of the reviews. */
export function decodeReview(body: Buffer): Record<string, unknown> | undefined {
  if (body.subarray(0, 4).toString("latin1") !== "k8s\0")
    throw badRequest("the body is not in the protobuf format of Kubernetes");
  const envelope = fields(body.subarray(4));
  const type = fields(envelope.get(1)?.[0] ?? Buffer.alloc(0));
  const [apiVersion, kind] = [text(type, 1), text(type, 2)];
  const object = fields(envelope.get(2)?.[0] ?? Buffer.alloc(0));
  const spec = fields(object.get(2)?.[0] ?? Buffer.alloc(0));
  const review = (value: Record<string, unknown>) => ({ apiVersion, kind, metadata: {}, spec: value });
  switch (kind) {
    case "SelfSubjectAccessReview":
    case "SubjectAccessReview":
    case "LocalSubjectAccessReview":
      return review({
        resourceAttributes: named(spec.get(1)?.[0], [
          "namespace",
          "verb",
          "group",
          "version",
          "resource",
          "subresource",
          "name",
        ]),
        nonResourceAttributes: named(spec.get(2)?.[0], ["path", "verb"]),
        user: text(spec, 3),
        groups: (spec.get(4) ?? []).map((group) => group.toString("utf8")),
      });
    case "SelfSubjectRulesReview":
      return review({ namespace: text(spec, 1) });
    case "TokenReview":
      return review({ token: text(spec, 1) });
    case "SelfSubjectReview":
      return review({});
    default:
      return undefined;
  }
}
