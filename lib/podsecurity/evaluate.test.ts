import { describe, expect, it } from "vitest";
import type { Container, PodSpec } from "@/lib/inventory/kinds";
import type { PodUnderCheck } from "./check";
import { checksFor, describeViolations, effectiveMinor, evaluatePodSecurity } from "./evaluate";
import type { PodSecurityVersion } from "./policy";

/** A minimal valid pod per level, and one change per case, so that each failing case fails for one reason. */
const hardened: Container = {
  name: "app",
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
};
const base: PodSpec = {
  containers: [hardened],
  securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
};
const pod = (spec: Partial<PodSpec> = {}, annotations: Record<string, string> = {}): PodUnderCheck => ({
  annotations,
  spec: { ...base, ...spec },
});
const withContainer = (fields: Partial<Container>): PodUnderCheck => pod({ containers: [{ ...hardened, ...fields }] });
const withSecurity = (fields: Container["securityContext"]): PodUnderCheck =>
  withContainer({ securityContext: { ...hardened.securityContext, ...fields } });

const restricted = (subject: PodUnderCheck, version: PodSecurityVersion = "latest") =>
  evaluatePodSecurity(subject, "restricted", version).violations.map((v) => v.check);
const baseline = (subject: PodUnderCheck, version: PodSecurityVersion = "latest") =>
  evaluatePodSecurity(subject, "baseline", version).violations.map((v) => v.check);

describe("levels", () => {
  it("allows the minimal pod of each level", () => {
    expect(restricted(pod())).toEqual([]);
    expect(baseline({ annotations: {}, spec: { containers: [{ name: "app" }] } })).toEqual([]);
  });

  it("allows everything at privileged", () => {
    const subject = pod({ hostNetwork: true, hostPID: true });
    expect(evaluatePodSecurity(subject, "privileged").allowed).toBe(true);
  });

  it("lists every violation in the API server's order and words", () => {
    const subject: PodUnderCheck = {
      annotations: {},
      spec: {
        hostNetwork: true,
        containers: [{ name: "a", securityContext: { privileged: true } }, { name: "b" }],
        volumes: [{ name: "host", hostPath: { path: "/" } }],
      },
    };
    expect(describeViolations(evaluatePodSecurity(subject, "restricted").violations)).toBe(
      [
        "host namespaces (hostNetwork=true)",
        'privileged (container "a" must not set securityContext.privileged=true)',
        'allowPrivilegeEscalation != false (containers "a", "b" must set securityContext.allowPrivilegeEscalation=false)',
        'unrestricted capabilities (containers "a", "b" must set securityContext.capabilities.drop=["ALL"])',
        'restricted volume types (volume "host" uses restricted volume type "hostPath")',
        'runAsNonRoot != true (pod or containers "a", "b" must set securityContext.runAsNonRoot=true)',
        'seccompProfile (pod or containers "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      ].join(", "),
    );
  });

  it("points at each field below the spec", () => {
    const subject = pod({
      initContainers: [
        { ...hardened, name: "init", securityContext: { ...hardened.securityContext, privileged: true } },
      ],
    });
    expect(evaluatePodSecurity(subject, "baseline").violations[0]?.fields).toEqual([
      { in: "spec", pointer: "/initContainers/0/securityContext/privileged", found: "true" },
    ]);
  });

  it("replaces baseline checks by their stricter form", () => {
    const ids = checksFor("restricted", 37).map(({ check }) => check.id);
    expect(ids).not.toContain("capabilities_baseline");
    expect(ids).not.toContain("hostPathVolumes");
    expect(ids).not.toContain("procMount");
    expect(ids).toContain("procMount_restricted");
    expect(checksFor("restricted", 34).map(({ check }) => check.id)).toContain("procMount");
  });
});

describe("versions", () => {
  it("never goes beyond the API server or beyond the known rules", () => {
    expect(effectiveMinor("latest", 32)).toBe(32);
    expect(effectiveMinor(35, 32)).toBe(32);
    expect(effectiveMinor(29, 32)).toBe(29);
    expect(effectiveMinor(90)).toBe(37);
    expect(effectiveMinor("latest", 90)).toBe(37);
  });

  it.each([
    ["kernel.shm_rmid_forced", 0],
    ["net.ipv4.ip_local_reserved_ports", 27],
    ["net.ipv4.tcp_keepalive_time", 29],
    ["net.ipv4.tcp_rmem", 32],
    ["net.ipv4.tcp_notsent_lowat", 37],
  ])("sysctl %s is safe since 1.%i", (name, since) => {
    const subject = pod({ securityContext: { sysctls: [{ name, value: "1" }] } });
    expect(baseline(subject, since)).toEqual([]);
    if (since > 0) expect(baseline(subject, since - 1)).toEqual(["sysctls"]);
  });

  it("knows container_engine_t since 1.31", () => {
    const subject = withSecurity({ seLinuxOptions: { type: "container_engine_t" } });
    expect(baseline(subject, 30)).toEqual(["seLinuxOptions"]);
    expect(baseline(subject, 31)).toEqual([]);
  });

  it("refuses probe and lifecycle hosts since 1.34, loopback too", () => {
    const probe = withContainer({ livenessProbe: { httpGet: { host: "127.0.0.1", port: 80 } } });
    const hook = withContainer({ lifecycle: { preStop: { tcpSocket: { host: "db.example.com", port: 1 } } } });
    expect(baseline(probe, 33)).toEqual([]);
    expect(baseline(probe, 34)).toEqual(["hostProbesAndHostLifecycle"]);
    expect(baseline(hook, 34)).toEqual(["hostProbesAndHostLifecycle"]);
    expect(baseline(withContainer({ readinessProbe: { httpGet: { port: 80 } } }))).toEqual([]);
  });

  it("relaxes non-root, user 0 and procMount in a user namespace since 1.35, restricted procMount never", () => {
    const root = pod({
      hostUsers: false,
      securityContext: { runAsUser: 0, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(restricted(root, 34)).toEqual(["runAsNonRoot", "runAsUser"]);
    expect(restricted(root, 35)).toEqual([]);
    const unmasked = { ...withSecurity({ procMount: "Unmasked" }) };
    const inUserNamespace = { ...unmasked, spec: { ...unmasked.spec, hostUsers: false } };
    expect(baseline(inUserNamespace, 34)).toEqual(["procMount"]);
    expect(baseline(inUserNamespace, 35)).toEqual([]);
    expect(restricted(inUserNamespace, 35)).toEqual(["procMount_restricted"]);
    expect(baseline(unmasked, 35)).toEqual(["procMount"]);
  });

  it("spares declared Windows pods three Linux checks since 1.25, and no other", () => {
    const windows: PodUnderCheck = {
      annotations: {},
      spec: { os: { name: "windows" }, containers: [{ name: "app" }], securityContext: { runAsNonRoot: true } },
    };
    expect(restricted(windows, 25)).toEqual([]);
    expect(restricted(windows, 24)).toEqual([
      "allowPrivilegeEscalation",
      "capabilities_restricted",
      "seccompProfile_restricted",
    ]);
    const linux: PodUnderCheck = { ...windows, spec: { ...windows.spec, os: { name: "linux" } } };
    expect(restricted(linux, 25)).toEqual([
      "allowPrivilegeEscalation",
      "capabilities_restricted",
      "seccompProfile_restricted",
    ]);
    const asRoot: PodUnderCheck = { ...windows, spec: { ...windows.spec, securityContext: {} } };
    expect(restricted(asRoot)).toEqual(["runAsNonRoot"]);
  });
});

describe("fields that are easily missed", () => {
  it("looks into all three lists of containers", () => {
    const bad = { ...hardened, name: "x", securityContext: { ...hardened.securityContext, privileged: true } };
    expect(baseline(pod({ initContainers: [bad] }))).toEqual(["privileged"]);
    expect(baseline(pod({ ephemeralContainers: [bad] }))).toEqual(["privileged"]);
  });

  it("refuses runAsNonRoot=false on the pod even when all containers say true", () => {
    const subject = pod({
      containers: [{ ...hardened, securityContext: { ...hardened.securityContext, runAsNonRoot: true } }],
      securityContext: { runAsNonRoot: false, seccompProfile: { type: "RuntimeDefault" } },
    });
    const [violation] = evaluatePodSecurity(subject, "restricted").violations;
    expect(violation?.detail).toBe("pod must not set securityContext.runAsNonRoot=false");
  });

  it("lets containers cover a pod that says nothing, and a container undo what the pod says", () => {
    const explicit = { ...hardened, securityContext: { ...hardened.securityContext, runAsNonRoot: true } };
    expect(
      restricted(
        pod({
          containers: [explicit],
          securityContext: base.securityContext && { seccompProfile: base.securityContext.seccompProfile },
        }),
      ),
    ).toEqual([]);
    expect(restricted(withSecurity({ runAsNonRoot: false }))).toEqual(["runAsNonRoot"]);
  });

  it("spells capabilities exactly", () => {
    expect(baseline(withSecurity({ capabilities: { add: ["chown"] } }))).toEqual(["capabilities_baseline"]);
    expect(restricted(withSecurity({ capabilities: { drop: ["all"] } }))).toEqual(["capabilities_restricted"]);
    expect(restricted(withSecurity({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }))).toEqual([]);
    expect(restricted(withSecurity({ capabilities: { drop: ["ALL"], add: ["CHOWN"] } }))).toEqual([
      "capabilities_restricted",
    ]);
  });

  it("reads AppArmor from annotations and from fields", () => {
    const key = "container.apparmor.security.beta.kubernetes.io/app";
    expect(baseline(pod({}, { [key]: "unconfined" }))).toEqual(["appArmorProfile"]);
    expect(baseline(pod({}, { [key]: "localhost/k8s-app" }))).toEqual([]);
    expect(baseline(withSecurity({ appArmorProfile: { type: "Unconfined" } }))).toEqual(["appArmorProfile"]);
    expect(baseline(pod({ securityContext: { appArmorProfile: { type: "RuntimeDefault" } } }))).toEqual([]);
  });

  it("reads seccomp annotations only before 1.19", () => {
    const subject = pod({}, { "seccomp.security.alpha.kubernetes.io/pod": "unconfined" });
    expect(baseline(subject, 18)).toEqual(["seccompProfile_baseline"]);
    expect(baseline(subject, 19)).toEqual([]);
  });

  it("fills in the API's defaults before it judges", () => {
    const hostNetwork: PodUnderCheck = {
      annotations: {},
      spec: { hostNetwork: true, containers: [{ name: "app", ports: [{ containerPort: 8080 }] }] },
    };
    expect(baseline(hostNetwork)).toEqual(["hostNamespaces", "hostPorts"]);
    expect(restricted(pod({ volumes: [{ name: "scratch" }] }))).toEqual([]);
    expect(baseline(withContainer({ ports: [{ containerPort: 80, hostPort: 0 }] }))).toEqual([]);
  });

  it("allows the volume types of the standard, image among them, and no others", () => {
    const volumes = [
      { name: "a", configMap: {} },
      { name: "b", csi: { driver: "d" } },
      { name: "c", projected: {} },
      { name: "d", otherSource: "image" },
      { name: "e", ephemeral: {} },
    ];
    expect(restricted(pod({ volumes }))).toEqual([]);
    const [violation] = evaluatePodSecurity(
      pod({
        volumes: [
          { name: "n", nfs: { server: "s", path: "/" } },
          { name: "o", otherSource: "iscsi" },
        ],
      }),
      "restricted",
    ).violations;
    expect(violation?.detail).toBe('volumes "n", "o" use restricted volume types "iscsi", "nfs"');
  });

  it("refuses Windows host processes on pod and container", () => {
    expect(baseline(withSecurity({ windowsOptions: { hostProcess: true } }))).toEqual(["windowsHostProcess"]);
    expect(baseline(pod({ securityContext: { windowsOptions: { hostProcess: true } } }))).toEqual([
      "windowsHostProcess",
    ]);
  });
});
