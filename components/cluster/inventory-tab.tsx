"use client";
import { CircleSlash, type LucideIcon, Minus } from "lucide-react";
import { Note } from "@/components/ui/note";
import { Section } from "@/components/ui/page";
import { Message } from "@/components/ui/states";
import { StatusIcon } from "../status/status-icon";
import { useCluster } from "./live-cluster";

type SectionStatus = ReturnType<typeof useCluster>["sections"][number]["status"];
const WORDS: Record<SectionStatus, { word: string; tone: "pass" | "warn" | "quiet"; icon?: LucideIcon }> = {
  complete: { word: "Complete", tone: "pass" },
  unserved: { word: "Not served by this cluster", tone: "quiet", icon: CircleSlash },
  forbidden: { word: "Forbidden", tone: "warn" },
  failed: { word: "Failed", tone: "warn" },
  "not-collected": { word: "Not collected", tone: "quiet", icon: Minus },
};

/** What was read, what could not be read, and what was left behind. A refused read is never shown as an empty one. */
export function InventoryTab() {
  const cluster = useCluster();
  if (cluster.sections.length === 0) {
    return (
      <div className="card">
        <Message title="No inventory yet">The sections appear when the agent has sent its first inventory.</Message>
      </div>
    );
  }
  const missing = cluster.sections.filter((section) => WORDS[section.status].tone === "warn");
  return (
    <div className="space-y-6">
      {missing.length > 0 ? (
        <Note tone="warn">
          <b className="font-strong">
            {missing.length} of {cluster.sections.length} sections could not be read.
          </b>{" "}
          Controls that need them answer Could not evaluate, never Pass.
        </Note>
      ) : null}
      <div className="card">
        <table className="rows">
          <caption className="sr-only">Sections of the latest inventory</caption>
          <thead>
            <tr>
              <th scope="col">Section</th>
              <th scope="col">Read</th>
              <th scope="col" className="end">
                Objects
              </th>
              <th scope="col">Message</th>
            </tr>
          </thead>
          <tbody>
            {cluster.sections.map((section) => {
              const { word, tone, icon: Icon } = WORDS[section.status];
              return (
                <tr key={section.name}>
                  <td data-lead="" className="mono">
                    {section.name}
                  </td>
                  <td data-label="Read">
                    <span
                      className={`inline-flex items-center gap-1.5 whitespace-nowrap ${tone === "warn" ? "text-warn-fg" : tone === "quiet" ? "text-fg-3" : "text-fg-2"}`}
                    >
                      {Icon ? (
                        <Icon size={14} aria-hidden="true" />
                      ) : (
                        <StatusIcon
                          shape={tone === "pass" ? "circle-tick" : "triangle-mark"}
                          tone={tone === "pass" ? "pass" : "warn"}
                          size={14}
                        />
                      )}
                      {word}
                    </span>
                  </td>
                  <td data-label="Objects" className="end">
                    {section.status === "complete" ? section.objects.toLocaleString("en") : "–"}
                  </td>
                  <td data-label={section.message ? "Message" : undefined} className="text-fg-3">
                    {section.message}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p className="text-fg-3">
        {cluster.droppedFields.toLocaleString("en")} fields were left in the cluster because they are not on the
        allow-list.
      </p>
      {cluster.invalidObjects.length > 0 ? (
        <Section title={`${cluster.invalidObjects.length} invalid objects`}>
          <div className="card">
            <table className="rows">
              <caption className="sr-only">Objects that are not valid for their kind</caption>
              <thead>
                <tr>
                  <th scope="col">Object</th>
                  <th scope="col">Problem</th>
                </tr>
              </thead>
              <tbody>
                {cluster.invalidObjects.map((object) => (
                  <tr key={`${object.kind}/${object.namespace ?? ""}/${object.name}`}>
                    <td data-lead="">
                      {object.kind}{" "}
                      <span className="mono">
                        {object.namespace ? `${object.namespace}/${object.name}` : object.name}
                      </span>
                    </td>
                    <td data-label="Problem">{object.problem}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Section>
      ) : null}
    </div>
  );
}
