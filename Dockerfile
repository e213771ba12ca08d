# Untried: no Docker engine runs where the tests run. A test only reads it.
FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY test/clients/generators/package.json ./test/clients/generators/
# No install script runs here. Those of the embedded PostgreSQL are for machines that try the product.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY migrations ./migrations
COPY assets ./assets
RUN npm run build
# What runs in production, installed by itself: no compiler, no embedded PostgreSQL.
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/migrations ./migrations
COPY --from=build /app/assets ./assets
USER node
# A process without one of these ports is as healthy as its being alive.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "const port = process.env.HTTP_PORT || process.env.CONSOLE_PORT || process.env.METRICS_PORT || 0; port > 0 && fetch(`http://127.0.0.1:${port}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["worker"]
