"use client";
import { Fingerprint } from "lucide-react";
import { useState } from "react";
import type { PackageDigest } from "@/lib/api/clusters";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { Spinner } from "@/components/ui/spinner";
import { Problem } from "../problem";
import { request } from "../request";

type State = { at: "idle" | "reading" } | { at: "shown"; digest: string } | { at: "refused"; problem: unknown };

/** The digest that VERIFY.sh of a scan's package prints at its end, made when somebody asks for it. */
export function PackageDigestButton({ address, scan }: { address: string; scan: number }) {
  const [state, setState] = useState<State>({ at: "idle" });
  if (state.at === "shown") {
    return (
      <output className="mt-1.5 block text-left md:max-w-72">
        <span className="block text-small text-fg-3">SHA-256 of MANIFEST.sha256</span>
        <code className="mono block text-small break-all">{state.digest}</code>
        <CopyButton text={state.digest} accessibleLabel={`Copy the digest of scan ${scan}'s package`} />
      </output>
    );
  }
  const show = () => {
    setState({ at: "reading" });
    request<PackageDigest>(address).then(
      ({ digest }) => setState({ at: "shown", digest }),
      (problem: unknown) => setState({ at: "refused", problem }),
    );
  };
  return (
    <span className="mt-1 block">
      <Button tone="quiet" small onClick={show} disabled={state.at === "reading"}>
        {state.at === "reading" ? <Spinner size={13} /> : <Fingerprint size={13} aria-hidden="true" />} Show the
        package's digest<span className="sr-only"> of scan {scan}</span>
      </Button>
      {state.at === "refused" ? (
        <span role="alert" className="block text-fail-fg">
          <Problem error={state.problem} />
        </span>
      ) : null}
    </span>
  );
}
