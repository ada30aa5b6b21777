import { Lock } from "lucide-react";
import { notFound } from "next/navigation";
import type { ReactElement } from "react";
import { Message } from "@/components/ui/states";
import { RingfenceError } from "@/lib/errors";

/** What a page asked for, or the page that says why it isn't shown. */
export type Loaded<T> = { data: T; refused: null } | { data: undefined; refused: ReactElement };

/**
 * Waits for a server function. `not-found` becomes the "not found" page (the same for what isn't there and for what is another
 * organization's), `forbidden` a page that says who could; everything else goes on to the error page.
 */
export async function load<T>(work: Promise<T>): Promise<Loaded<T>> {
  try {
    return { data: await work, refused: null };
  } catch (error) {
    if (!(error instanceof RingfenceError)) throw error;
    if (error.code === "not-found" || error.code === "invalid-input") notFound();
    if (error.code !== "forbidden") throw error;
    return {
      data: undefined,
      refused: (
        <Message level={1} icon={Lock} title="Your role does not open this page">
          {error.message}
        </Message>
      ),
    };
  }
}
