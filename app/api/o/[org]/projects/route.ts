import { createProjectBody, projectList, projectRow } from "@/lib/api/organizations";
import { createProject, listProjects } from "@/lib/server/projects";
import { route } from "@/lib/server/route";

export const GET = route({
  permission: "project:read",
  response: projectList,
  handler: (principal) => listProjects(principal),
});

export const POST = route({
  permission: "project:create",
  body: createProjectBody,
  response: projectRow,
  status: 201,
  handler: (principal, { body }) => createProject(principal, body),
});
