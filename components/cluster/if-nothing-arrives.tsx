/** The agent dials out, so nothing can be seen from here before it has. These three commands find the cause. */
export function IfNothingArrives() {
  const steps = [
    { text: "Is the pod running?", command: "kubectl -n ringfence get pods" },
    { text: "What does it say?", command: "kubectl -n ringfence logs deploy/ringfence-agent" },
    { text: "Does a policy keep it inside?", command: "kubectl -n ringfence get networkpolicy" },
  ];
  return (
    <ol className="space-y-2.5">
      {steps.map((step, index) => (
        <li key={step.command} className="grid grid-cols-[18px_minmax(0,1fr)] text-fg-2">
          <span className="text-fg-3">{index + 1}</span>
          <span>
            {step.text}
            <code className="mono block break-words text-fg">{step.command}</code>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** What the agent is allowed to do, before anybody runs the command. */
export function AgentPromises() {
  return (
    <ul className="space-y-2 text-fg-2">
      <li>Dials out over TLS; nothing dials in.</li>
      <li>
        Reads with <code className="mono">get</code> and <code className="mono">list</code>. No exec, no logs. The one
        write is to the Secret that holds its own key.
      </li>
      <li>Never reads Secrets. Sends fields from an allow-list; environment values stay in the cluster.</li>
      <li>Runs as non-root on a read-only file system.</li>
    </ul>
  );
}
