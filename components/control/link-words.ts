/** How a control counts for a requirement. */
export const LINK_WORDS: Record<"primary" | "fail-only" | "supporting", { word: string; meaning: string }> = {
  primary: { word: "Decides", meaning: "Its result is a part of the requirement's status." },
  "fail-only": { word: "Can only break it", meaning: "A fail breaks the requirement; a pass proves nothing about it." },
  supporting: { word: "Informs", meaning: "It is shown beside the requirement and never decides it." },
};
