import { Lock } from "lucide-react";
import { notFound } from "next/navigation";
import type { ReactElement } from "react";
import { Message } from "@/components/ui/states";
import { RingfenceError } from "@/lib/errors";
import { recordPage } from "./principal";

/** What a page asked for, or the page that says why it isn't shown. */
export type Loaded<T> = { data: T; refused: null } | { data: undefined; refused: ReactElement };

/**
 * Waits for a server function. `not-found` becomes the "not found" page (the same for what isn't there and for what is another
 * organization's), `forbidden` a page that says who could; everything else goes on to the error page. An assessor's page is
 * recorded before they see it.
 */
export async function load<T>(work: Promise<T>): Promise<Loaded<T>> {
  let data: T;
  try {
    data = await work;
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    const isMissing = error.code === "not-found" || error.code === "invalid-input";
    if (!isMissing && error.code !== "forbidden") throw error;
    await recordPage("refused");
    if (isMissing) notFound();
    return {
      data: undefined,
      refused: (
        <Message level={1} icon={Lock} title="Your role does not open this page">
          {error.message}
        </Message>
      ),
    };
  }
  await recordPage("done");
  return { data, refused: null };
}
