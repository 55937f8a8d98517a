# syntax=docker/dockerfile:1
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG VERSION=dev
# Static, stripped, with the time zones inside: the same as make build.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -buildvcs=false -trimpath -tags nomsgpack,timetzdata \
    -ldflags "-s -w -X main.version=${VERSION}" -o /out/gatehouse . \
 && mkdir -m 0700 /out/data

FROM scratch
LABEL org.opencontainers.image.title="Gatehouse" \
      org.opencontainers.image.description="A self-hosted OAuth 2 and OpenID Connect authorization server" \
      org.opencontainers.image.licenses="Apache-2.0"
# For TLS to Postgres and Redis.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/gatehouse /gatehouse
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# PORT means all interfaces, as a container needs. /data holds the embedded
# database and the master key; with DATABASE_URL it stays empty.
ENV PORT=8080 GATEHOUSE_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s CMD ["/gatehouse", "healthcheck"]
ENTRYPOINT ["/gatehouse"]
CMD ["serve"]
