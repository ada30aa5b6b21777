# The web server. Build from the repository's root:
#   docker build -f deploy/images/web.Dockerfile -t YOUR-REGISTRY/ringfence-web:0.1.0 .
# Bases are pinned by tag to be readable; replace the tags by digests before you ship.
# Run it with a read-only root file system and an emptyDir at /tmp. Settings come from the environment.
FROM node:20.20-bookworm-slim AS build
WORKDIR /app
ENV NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json ./
# `npm install` with the lock, not `npm ci`: the lock may lack other platforms' optional packages.
RUN npm install --no-audit --no-fund
COPY . .
RUN npm run generate && npm run build && npx esbuild start=lib/server/start.ts custom-thread=lib/server/custom/thread.ts \
    --bundle --platform=node --format=esm --target=node20 --packages=external --alias:@=. --outdir=. --out-extension:.js=.mjs \
    && npm prune --omit=dev --no-audit --no-fund && rm -rf .next/cache

FROM gcr.io/distroless/nodejs20-debian12:nonroot
WORKDIR /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1
COPY --from=build --chown=0:0 /app/package.json /app/next.config.mjs /app/start.mjs /app/custom-thread.mjs ./
COPY --from=build --chown=0:0 /app/public ./public
COPY --from=build --chown=0:0 /app/.next ./.next
COPY --from=build --chown=0:0 /app/node_modules ./node_modules
# The server hands the agent's manifest out, and compares the database with the migrations that it was built with.
COPY --from=build --chown=0:0 /app/deploy/agent ./deploy/agent
COPY --from=build --chown=0:0 /app/prisma/migrations ./prisma/migrations
USER 65532:65532
EXPOSE 3000
ENTRYPOINT ["/nodejs/bin/node", "/app/start.mjs"]
