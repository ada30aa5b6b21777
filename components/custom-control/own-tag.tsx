/** Marks what a control of the organization said, wherever it stands beside the catalogue's; nothing for those. */
export function OwnTag({ control }: { control: string }) {
  // Ids of own controls begin so, and no other (lib/controls/custom).
  if (!control.startsWith("custom-")) return null;
  return (
    <span className="chip bg-subtle text-fg-2" title="A control of this organization, no part of the catalogue">
      Custom
    </span>
  );
}
