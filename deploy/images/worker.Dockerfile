# The worker: any number of them, stateless. Build from the repository's root:
#   docker build -f deploy/images/worker.Dockerfile -t YOUR-REGISTRY/ringfence-worker:0.1.0 .
# Bases are pinned by tag to be readable; replace the tags by digests before you ship.
FROM node:20.20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# `npm install` with the lock, not `npm ci`: the lock may lack other platforms' optional packages.
RUN npm install --no-audit --no-fund
COPY . .
RUN npm run generate && npx esbuild main=worker/main.ts custom-thread=lib/server/custom/thread.ts --bundle --platform=node --format=esm \
    --target=node20 --external:pg-native --outdir=dist/worker --out-extension:.js=.mjs \
    "--banner:js=import { createRequire as _cr } from 'node:module'; const require = _cr(import.meta.url);"

FROM gcr.io/distroless/nodejs20-debian12:nonroot
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build --chown=0:0 /app/dist/worker/ /app/
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "/app/main.mjs"]
