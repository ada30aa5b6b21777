# The agent: one file on Node, nothing else. Build from the repository's root after `npm run build:agent`:
#   docker build -f deploy/images/agent.Dockerfile -t YOUR-REGISTRY/ringfence-agent:0.1.0 .
# The base is pinned by tag here because this file is meant to be read; replace the tag by the digest that your registry
# shows before you ship (`FROM gcr.io/distroless/nodejs20-debian12@sha256:…`). Distroless has no shell and no package manager.
FROM gcr.io/distroless/nodejs20-debian12:nonroot

WORKDIR /app
COPY --chown=0:0 --chmod=0444 dist/agent/ringfence-agent.mjs /app/ringfence-agent.mjs

# The root file system may be read-only; the agent writes to RINGFENCE_STATE_DIR only.
USER 65532:65532
# Small heap spaces keep the resident memory low; the agent streams and needs no more.
ENTRYPOINT ["/nodejs/bin/node", "--max-old-space-size=80", "--max-semi-space-size=2", "--disable-proto=throw", "/app/ringfence-agent.mjs"]
