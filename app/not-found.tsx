import { SearchX } from "lucide-react";
import Link from "next/link";
import { buttonClass } from "@/components/ui/button";
import { Message } from "@/components/ui/states";

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-items-center">
      <Message
        level={1}
        icon={SearchX}
        title="There is nothing at this address"
        actions={
          <Link prefetch={false} className={buttonClass({})} href="/">
            To the start
          </Link>
        }
      >
        It does not exist, or it is not yours to see.
      </Message>
    </main>
  );
}
