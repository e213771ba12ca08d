# Untried: no Docker engine runs where the tests run. A test only reads it.
FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Scripts are for the embedded PostgreSQL, which a container does not use.
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY migrations ./migrations
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/migrations ./migrations
USER node
ENTRYPOINT ["node", "dist/main.js"]
CMD ["worker"]
