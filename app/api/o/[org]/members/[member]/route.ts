import { z } from "zod";
import { idParam } from "@/lib/api/common";
import { done } from "@/lib/api/organizations";
import { revokeMember } from "@/lib/server/members";
import { route } from "@/lib/server/route";

export const DELETE = route({
  permission: "member:invite",
  freshSignIn: true,
  params: z.object({ member: idParam }),
  response: done,
  async handler(principal, { params }) {
    await revokeMember(principal, params.member);
    return { done: true as const };
  },
});
