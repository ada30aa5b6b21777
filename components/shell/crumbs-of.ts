const SECTIONS: Record<string, string> = {
  clusters: "Clusters",
  requirements: "Requirements",
  controls: "Controls",
  catalog: "Catalogue",
  findings: "Findings",
  scope: "Scope",
  audit: "Audit trail",
  members: "Members",
};

/** Pages that are no thing of their section. */
const PAGES: Record<string, string> = {
  "clusters/register": "Register",
  "controls/guides": "What common guides get wrong",
  "controls/custom": "Own controls",
};

const PARTS: Record<string, string> = { new: "New control", import: "Import a policy" };

/** The way to an address, from its path alone: organization, section, the sections above a requirement, the thing. */
export function crumbsOf(
  pathname: string,
  organization: { slug: string; name: string },
): { label: string; path?: string }[] {
  const base = `/o/${organization.slug}`;
  const [section, thing, part] = pathname
    .slice(base.length)
    .split("/")
    .filter((part) => part !== "");
  const items: { label: string; path?: string }[] = [{ label: organization.name, path: base }];
  if (section === undefined) return items;
  items.push({ label: SECTIONS[section] ?? section, path: `${base}/${section}` });
  if (thing !== undefined) {
    const name = decodeURIComponent(thing);
    if (section === "requirements") {
      const parts = name.split(".");
      for (let depth = 1; depth < parts.length; depth++) {
        const above = parts.slice(0, depth).join(".");
        items.push({ label: above, path: `${base}/requirements/${above}` });
      }
    }
    const label = section === "findings" ? `F-${name}` : (PAGES[`${section}/${name}`] ?? name);
    const path = `${base}/${section}/${thing}`;
    items.push({ label, path });
    // The own controls are pages below a page.
    if (part !== undefined && path.endsWith("/controls/custom"))
      items.push({ label: PARTS[part] ?? decodeURIComponent(part) });
  }
  const last = items.at(-1);
  if (last) delete last.path;
  return items;
}
