import { describe, expect, it } from "vitest";
import { decodeReview } from "./protobuf";

/** One length-delimited field of a protobuf message. */
function field(number: number, content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function posted(apiVersion: string, kind: string, object: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from("k8s\0"),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, object),
  ]);
}

describe("access reviews as kubectl posts them", () => {
  it("reads the attributes that are asked about", () => {
    const attributes = Buffer.concat([field(1, "shop"), field(2, "list"), field(5, "secrets"), field(6, "status")]);
    const body = posted("authorization.k8s.io/v1", "SelfSubjectAccessReview", field(2, field(1, attributes)));
    expect(decodeReview(body)).toMatchObject({
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: { namespace: "shop", verb: "list", group: "", resource: "secrets", subresource: "status" },
      },
    });
  });

  it("leaves other kinds alone and refuses what is no protobuf", () => {
    expect(decodeReview(posted("v1", "Namespace", field(1, "x")))).toBeUndefined();
    expect(() => decodeReview(Buffer.from("{}"))).toThrow("protobuf");
    expect(() => decodeReview(Buffer.from([...Buffer.from("k8s\0"), 0x0a, 0x7f, 1]))).toThrow("not valid");
  });
});
