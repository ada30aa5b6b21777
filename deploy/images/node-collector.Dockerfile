# The node collector: one file on Node, nothing else. Build from the repository's root after `npm run build:agent`:
#   docker build -f deploy/images/node-collector.Dockerfile -t YOUR-REGISTRY/ringfence-node-collector:0.1.0 .
# The base is pinned by tag here because this file is meant to be read; replace the tag by the digest that your registry
# shows before you ship. The image runs as a user without rights; the DaemonSet says user 0, because only root may read what it reads.
FROM gcr.io/distroless/nodejs20-debian12:nonroot

WORKDIR /app
COPY --chown=0:0 --chmod=0444 dist/agent/ringfence-node-collector.mjs /app/ringfence-node-collector.mjs

USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "--max-old-space-size=64", "--max-semi-space-size=2", "--disable-proto=throw", "/app/ringfence-node-collector.mjs"]
