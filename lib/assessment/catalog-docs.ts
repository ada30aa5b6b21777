/**
 * The catalogue as Markdown for docs/catalogue: every control with how it decides, every requirement with what answers for it.
 * Made from the same objects as the app's pages, so that the two can't differ.
 */
import { CONTROLS } from "@/lib/controls";
import { CONTROL_FAMILIES, type ControlFamily, familyOf } from "@/lib/controls/families";
import type { Control } from "@/lib/controls/types";
import {
  ATTESTATION_GROUPS,
  type Coverage,
  findAttestationGroup,
  GUIDE_ERRORS,
  LEAF_REQUIREMENTS,
  PRINCIPAL_REQUIREMENTS,
  principalOf,
} from "@/lib/pci";
import { IMPORT_KINDS } from "@/lib/inventory/imports";
import { DEFAULT_SCOPE_SETTINGS, type Scope } from "@/lib/scope/types";
import { coverageOf, linksOf } from "./coverage";

export interface DocumentationPage {
  /** File name below docs/catalogue. */
  name: string;
  text: string;
}

const COVERAGE_WORDS: Readonly<Record<Coverage, string>> = {
  automated: "Automated",
  partial: "Partly automated",
  manual: "By people",
  provider: "By the provider",
  "outside-kubernetes": "Outside Kubernetes",
};
const KIND_WORDS = { primary: "decides", "fail-only": "can only break it", supporting: "informs" } as const;

/** Every page, in a fixed order. */
export function catalogPages(): DocumentationPage[] {
  return [
    { name: "README.md", text: overview() },
    ...CONTROL_FAMILIES.map((family) => ({ name: `${family.id}.md`, text: familyPage(family) })),
    { name: "requirements.md", text: requirementsPage() },
    { name: "attestations.md", text: attestationsPage() },
    { name: "imports.md", text: importsPage() },
    { name: "commands.md", text: commandsPage() },
    { name: "guides.md", text: guidesPage() },
  ];
}

const linkTo = ({ id }: Control): string => `[${id}](${familyOf(id).id}.md#${id})`;
const controlsIn = (family: ControlFamily): Control[] => CONTROLS.filter(({ id }) => familyOf(id).id === family.id);
const lines = (...parts: readonly (string | readonly string[])[]): string => `${parts.flat().join("\n")}\n`;
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

function overview(): string {
  const rows = CONTROL_FAMILIES.map((family) => {
    const controls = controlsIn(family);
    return `| [${family.title}](${family.id}.md) | ${controls.length} | ${controls.map((control) => linkTo(control)).join(" · ")} |`;
  });
  return lines(
    "# The catalogue",
    "",
    `${CONTROLS.length} controls, ${LEAF_REQUIREMENTS.length} requirements. These pages are made from the controls themselves (\`npx vitest run --project unit lib/assessment/catalog-docs -u\`).`,
    "",
    "Each control says what it reads, when it passes, fails, cannot know or does not apply, why that is evidence and what it cannot see. See also:",
    "",
    "- [Requirements](requirements.md): each with its controls and what a person has to attest.",
    "- [Attestations](attestations.md): what a person states, what an assessor expects to see with it, how often.",
    "- [Imports](imports.md): documents that make known what no cluster shows.",
    "- [Commands that need more than kubectl and jq](commands.md).",
    "- [What common guides get wrong](guides.md).",
    "",
    "| family | controls | |",
    "| --- | ---: | --- |",
    rows,
  );
}

function familyPage(family: ControlFamily): string {
  return lines(`# ${family.title}`, "", controlsIn(family).flatMap(controlSection));
}

function controlSection(control: Control): string[] {
  const { rule } = control;
  return [
    `## ${control.id}`,
    "",
    `**${control.title}.** Severity ${control.severity}; one result per ${control.judges}.`,
    "",
    `- **Reads:** ${rule.reads}`,
    `- **Pass:** ${rule.pass}`,
    `- **Fail:** ${rule.fail}`,
    `- **Could not evaluate:** ${rule.unknown}`,
    `- **Not applicable:** ${rule.notApplicable}`,
    `- **Why this is evidence:** ${rule.why}`,
    `- **What it cannot see:** ${rule.cannotSee}`,
    ...documentsOf(control),
    "",
    "| requirement | link | coverage | why |",
    "| --- | --- | --- | --- |",
    ...control.requirements.map(
      ({ requirement, kind, rationale }) =>
        `| [${requirement}](requirements.md#${anchorOf(requirement)}) | ${KIND_WORDS[kind]} | ${COVERAGE_WORDS[coverageOf(requirement)]} | ${cell(rationale)} |`,
    ),
    "",
  ];
}

/** The documents that make something known to it which no cluster shows. */
function documentsOf(control: Control): string[] {
  const kinds = IMPORT_KINDS.filter(({ controls }) => controls.includes(control.id));
  if (kinds.length === 0) return [];
  return [
    `- **Documents that it reads, if somebody imports them:** ${kinds.map(({ id }) => `[${id}](imports.md#${id})`).join(", ")}`,
  ];
}

const anchorOf = (requirement: string): string => requirement.toLowerCase().replaceAll(".", "");

function requirementsPage(): string {
  const body = LEAF_REQUIREMENTS.flatMap((requirement) => {
    const controls = linksOf(requirement.id).map(({ control, kind }) => `${linkTo(control)} (${KIND_WORDS[kind]})`);
    const groups = requirement.attestations.map(
      (id) => `[${findAttestationGroup(id)?.title ?? id}](attestations.md#${id})`,
    );
    return [
      `### ${requirement.id}`,
      "",
      `${requirement.title}. *${COVERAGE_WORDS[coverageOf(requirement.id)]}.* ${requirement.kubernetesReason}`,
      "",
      ...(controls.length === 0 ? [] : [`- Controls: ${controls.join(", ")}`]),
      ...(groups.length === 0 ? [] : [`- Attested by a person: ${groups.join("; ")}`]),
      "",
    ];
  });
  const counts = Object.entries(COVERAGE_WORDS).map(
    ([coverage, word]) =>
      `${word.toLowerCase()} ${LEAF_REQUIREMENTS.filter(({ id }) => coverageOf(id) === coverage).length}`,
  );
  return lines(
    "# Requirements",
    "",
    `The ${LEAF_REQUIREMENTS.length} requirements of PCI DSS v4.0.1 by number, in our own words: ${counts.join(", ")}.`,
    `They belong to ${PRINCIPAL_REQUIREMENTS.length} principal requirements and the appendices ${[...new Set(LEAF_REQUIREMENTS.map(({ id }) => principalOf(id)).filter((id) => id.startsWith("A")))].join(", ")}.`,
    "",
    body,
  );
}

function attestationsPage(): string {
  return lines(
    "# Attestations",
    "",
    `${ATTESTATION_GROUPS.length} groups of requirements for which a person states what no cluster shows. One statement with its files answers for every requirement of its group.`,
    "",
    ATTESTATION_GROUPS.flatMap((group) => [
      `## ${group.id}`,
      "",
      `**${group.title}.**`,
      "",
      `- **An assessor expects:** ${group.assessorExpects}`,
      `- **To upload:** ${group.uploads}`,
      `- **How often:** ${group.frequency}`,
      `- **Answers for:** ${LEAF_REQUIREMENTS.filter(({ attestations }) => attestations.includes(group.id))
        .map(({ id }) => `[${id}](requirements.md#${anchorOf(id)})`)
        .join(", ")}`,
      "",
    ]),
  );
}

function importsPage(): string {
  return lines(
    "# Imports",
    "",
    "Documents that a person uploads for a cluster or an organization. Each is parsed once; what it says is kept, its text is not.",
    "",
    IMPORT_KINDS.flatMap((kind) => [
      `## ${kind.id}`,
      "",
      `**${kind.title}** (${kind.nature === "fact" ? "what a source says" : "what the organization has decided"}; ${kind.format}, up to ${Math.round(kind.maxBytes / 1024)} kB). ${kind.description}`,
      "",
      `How to get it: ${kind.howToGet}`,
      "",
      `Read by ${kind.controls.map((id) => `\`${id}\``).join(", ")}.`,
      "",
      `\`\`\`${kind.format === "yaml" ? "yaml" : "json"}`,
      kind.example.trimEnd(),
      "```",
      "",
    ]),
  );
}

/** Enough of a scope for a command that names no namespace of its own. */
const NO_SCOPE: Scope = {
  settings: DEFAULT_SCOPE_SETTINGS,
  declared: true,
  namespaces: [],
  workloads: [],
  categoryOf: () => "undeclared",
  inCategory: () => [],
  hasCde: false,
};

function commandsPage(): string {
  const rows = CONTROLS.map((control) => ({ control, needs: control.verify({ scope: NO_SCOPE }).needs })).filter(
    ({ needs }) => needs.length > 0,
  );
  return lines(
    "# Commands that need more than kubectl and jq",
    "",
    `Each control has a command with which an assessor sees the same facts without Ringfence. ${CONTROLS.length - rows.length} of ${CONTROLS.length} need kubectl and jq alone and are run by the tests against simulated clusters. These need more, and are run against recorded output:`,
    "",
    "| control | needs |",
    "| --- | --- |",
    rows.map(({ control, needs }) => `| ${linkTo(control)} | ${needs.map((need) => `\`${need}\``).join(", ")} |`),
  );
}

function guidesPage(): string {
  const byId = new Map(CONTROLS.map((control) => [control.id, control]));
  const topics = [...new Set(GUIDE_ERRORS.map(({ topic }) => topic))];
  return lines(
    "# What common guides get wrong",
    "",
    `${GUIDE_ERRORS.length} errors found in published guides to PCI DSS on Kubernetes, and the right form.`,
    "",
    topics.flatMap((topic) => [
      `## ${topic}`,
      "",
      ...GUIDE_ERRORS.filter((error) => error.topic === topic).flatMap(
        ({ claim, problem, right, controls, requirements }) => {
          const linked = controls.flatMap((id) => byId.get(id) ?? []).map((control) => linkTo(control));
          const numbers = requirements.map((id) => `[${id}](requirements.md#${anchorOf(id)})`);
          const see = [...linked, ...numbers].join(", ");
          return [`- **"${claim}"** ${problem} *Right:* ${right}${see === "" ? "" : ` (${see})`}`];
        },
      ),
      "",
    ]),
  );
}
