import { describe, expect, it } from "vitest";
import { inventoryOf, minimalPod, minimalPodSpec, object, service } from "@/lib/fixtures/builders";
import { findObject, listIn, livePodsOn } from "./look-ups";

const on = (name: string, nodeName: string | undefined, phase = "Running") =>
  minimalPod(name, "shop", {
    spec: minimalPodSpec(nodeName === undefined ? {} : { nodeName }),
    status: { phase },
  });
const inventory = inventoryOf([
  service("web", "shop", {}),
  service("web", "cde", {}),
  service("api", "cde", {}),
  object("v1", "Node", "n1"),
  on("a", "n1"),
  on("b", "n2"),
  on("c", "n1", "Succeeded"),
  on("d", undefined),
]);

describe("look-ups", () => {
  it("find an object by name and namespace", () => {
    expect(findObject(inventory, "services", "web", "cde")?.metadata.namespace).toBe("cde");
    expect(findObject(inventory, "services", "api", "shop")).toBeUndefined();
    expect(findObject(inventory, "services", "api")).toBeUndefined();
  });
  it("find an object of the cluster by name, whatever the namespace", () => {
    expect(findObject(inventory, "nodes", "n1", "cde")?.metadata.name).toBe("n1");
  });
  it("list the objects of a namespace", () => {
    expect(listIn(inventory, "services", "cde").map(({ metadata }) => metadata.name)).toEqual(["api", "web"]);
    expect(listIn(inventory, "services", "none")).toEqual([]);
  });
  it("list the live pods of a node", () => {
    const names = (node: string) => livePodsOn(inventory, node).map(({ pod }) => pod.metadata.name);
    expect(names("n1")).toEqual(["a"]);
    expect(names("n2")).toEqual(["b"]);
    expect(names("n3")).toEqual([]);
  });
});
