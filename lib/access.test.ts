import { describe, expect, it } from "vitest";
import { can, PERMISSIONS, ROLES, rolesThatCan } from "./access";

describe("the permission table", () => {
  it("is this one: whoever changes it sees what changes", () => {
    const width = Math.max(...PERMISSIONS.map((permission) => permission.length));
    const lines = PERMISSIONS.map((permission) =>
      [permission.padEnd(width), ...ROLES.map((role) => (can(role, permission) ? "x" : "-").padEnd(role.length))]
        .join("  ")
        .trimEnd(),
    );
    expect(["".padEnd(width + 2) + ROLES.join("  "), ...lines].join("\n")).toMatchInlineSnapshot(`
      "                     owner  complianceOfficer  platformEngineer  assessor
      organization:read    x      x                  x                 x
      project:read         x      x                  x                 x
      cluster:read         x      x                  x                 x
      scan:read            x      x                  x                 x
      requirement:read     x      x                  x                 x
      control:read         x      x                  x                 x
      result:read          x      x                  x                 x
      finding:read         x      x                  x                 x
      scope:read           x      x                  x                 x
      package:read         x      x                  x                 x
      import:read          x      x                  x                 x
      member:read          x      x                  -                 -
      member:invite        x      -                  -                 -
      audit:read           x      x                  -                 x
      cluster:register     x      -                  x                 -
      cluster:update       x      -                  x                 -
      cluster:revoke       x      -                  x                 -
      cluster:delete       x      -                  -                 -
      cluster:rescan       x      x                  x                 -
      finding:triage       x      x                  x                 -
      scope:update         x      x                  -                 -
      import:create        x      x                  x                 -
      import:withdraw      x      x                  x                 -
      register:update      x      x                  -                 -
      catalog:activate     x      x                  -                 -
      customControl:write  x      x                  -                 -
      customControl:try    x      x                  x                 -
      project:create       x      -                  -                 -
      package:create       x      x                  -                 x
      request:create       x      -                  -                 x
      note:create          -      -                  -                 x"
    `);
  });

  it("lets an assessor write requests, notes and packages, and nothing else", () => {
    const writes = PERMISSIONS.filter((permission) => can("assessor", permission) && !permission.endsWith(":read"));
    expect(writes.filter((permission) => !/^(request|note):/.test(permission))).toEqual(["package:create"]);
    expect(writes.some((permission) => permission.startsWith("request:"))).toBe(true);
    expect(writes.some((permission) => permission.startsWith("note:"))).toBe(true);
  });

  it("leaves notes to assessors, and gives every permission to somebody", () => {
    expect(rolesThatCan("note:create")).toEqual(["assessor"]);
    for (const permission of PERMISSIONS) expect(rolesThatCan(permission), permission).not.toEqual([]);
  });
});
