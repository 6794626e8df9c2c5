# Smart City Orchestrator: one image per program, for docker-compose.yml.
#
#	docker build --target fcgi .        likewise worker, nginx, migrate, nats
#	docker build --target test -t smartcity-test . && docker run --rm smartcity-test
#
# Does not need BuildKit.  `make build` sets UPDATED to the date, so that the
# first build of a day installs Debian's security updates.

# --- base of all images: updates and users ------------------------------------
FROM debian:trixie-slim AS base
LABEL org.opencontainers.image.title="Smart City Orchestrator"
ENV LC_ALL=C.UTF-8
ARG UPDATED
# Members of the group smartcity can use the sockets in /run/smartcity.  dpkg need
# not sync each file, because a build that is interrupted starts again.
RUN echo "updates of ${UPDATED:-an unknown day}" && \
    echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/smartcity && apt-get update -qq && \
    DEBIAN_FRONTEND=noninteractive apt-get upgrade -qq -y && \
    rm -rf /var/lib/apt/lists/* && \
    groupadd -g 10001 smartcity && \
    useradd -u 10001 -g smartcity -d / -M -s /usr/sbin/nologin smartcity && \
    useradd -u 10002 -g smartcity -d / -M -s /usr/sbin/nologin smartcity-nginx && \
    install -d -o smartcity -g smartcity -m 2770 /run/smartcity

# --- the two programs ----------------------------------------------------------
FROM base AS build
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends gcc libc6-dev make libfcgi-dev libcjson-dev libpq-dev \
    uuid-dev zlib1g-dev libcurl4-openssl-dev libnats-dev libssl-dev && \
    rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY GNUmakefile ./
COPY .ci/version .ci/
COPY sql sql
COPY common common
COPY fcgi fcgi
COPY worker worker
COPY nginx/docs nginx/docs
COPY tests/fixtures tests/fixtures
ARG VERSION=0
RUN make -j"$(nproc)" VERSION="$VERSION" all && \
    install -s -D -t /out/usr/sbin build/smartcity-fcgi build/smartcity-worker

# --- the pool --------------------------------------------------------------------
FROM base AS fcgi
# libfcgi 2.4.5 fixes CVE-2025-23016, so the build fails with an older one.
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends libfcgi0t64 libfcgi-bin libpq5 libcjson1 && \
    rm -rf /var/lib/apt/lists/* && \
    dpkg --compare-versions "$(dpkg-query -W -f '${Version}' libfcgi0t64)" ge 2.4.5
COPY fcgi/docker-entrypoint /usr/local/bin/
COPY --from=build /out/usr/sbin/smartcity-fcgi /usr/sbin/
RUN ! ldd /usr/sbin/smartcity-fcgi | grep 'not found'
USER smartcity
ENTRYPOINT ["docker-entrypoint"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["docker-entrypoint", "ask", "/health"]

# --- the worker ------------------------------------------------------------------
FROM base AS worker
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends ca-certificates libcurl4t64 libnats3.10 libpq5 libcjson1 && \
    rm -rf /var/lib/apt/lists/*
COPY --from=build /out/usr/sbin/smartcity-worker /usr/sbin/
RUN ! ldd /usr/sbin/smartcity-worker | grep 'not found'
USER smartcity
ENV SMARTCITY_STREAM=/run/smartcity/stream.sock
ENTRYPOINT ["smartcity-worker"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["smartcity-worker", "--alive"]

# --- the API's pages, from npm ----------------------------------------------------
FROM build AS docs
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends npm ca-certificates && \
    rm -rf /var/lib/apt/lists/*
# npm trusts the CA certificates of the base image.
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
RUN make docs || { echo "without /docs and /redoc: npm could not install them" && \
    rm -rf build/www/docs build/www/redoc; }

# --- nginx -----------------------------------------------------------------------
FROM base AS nginx
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends nginx libnginx-mod-nchan && \
    rm -rf /var/lib/apt/lists/* && \
    install -d -o smartcity-nginx -g smartcity -m 700 /var/lib/nginx
COPY nginx/nginx.conf nginx/smartcity-http.conf nginx/smartcity.conf \
    nginx/nchan-smartcity-http.conf nginx/nchan-smartcity.conf \
    nginx/docs-smartcity.conf nginx/static_smartcity nginx/fastcgi_smartcity* \
    /etc/nginx/
COPY --from=docs /src/build/www /usr/share/smartcity/www
# nginx runs without root, so "user" is removed.  The pool in use is in pool/, see
# fcgi/docker-entrypoint.  Requests to the published port, and from a Prometheus
# in a container, come from a private address, so these are allowed.
RUN sed -i '/# run: user/d' /etc/nginx/nginx.conf && \
    sed -i 's|unix:/run/smartcity/|&pool/|' /etc/nginx/smartcity-http.conf && \
    sed -i 's|^\tallow ::1;|&\n\tallow 10.0.0.0/8;\n\tallow 172.16.0.0/12;\n\tallow 192.168.0.0/16;|' \
        /etc/nginx/smartcity.conf
USER smartcity-nginx
EXPOSE 8000
STOPSIGNAL SIGQUIT
# An nginx that was killed has left its socket behind.
CMD ["sh", "-c", "rm -f /run/smartcity/stream.sock && exec nginx -g 'daemon off;'"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8000 && printf 'GET /health HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]

# --- the schema ------------------------------------------------------------------
FROM base AS migrate
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends sqitch libdbd-pg-perl postgresql-client \
    libfcgi-bin libpq5 libcjson1 && \
    rm -rf /var/lib/apt/lists/*
# It reads DATABASE_URL for sql/migrate.
COPY --from=build /out/usr/sbin/smartcity-fcgi /usr/sbin/
RUN ! ldd /usr/sbin/smartcity-fcgi | grep 'not found'
COPY sql /usr/share/smartcity/sql
USER smartcity
ENTRYPOINT ["/usr/share/smartcity/sql/migrate"]
CMD ["deploy"]

# --- NATS JetStream, for the profile `nats` -----------------------------------------
FROM base AS nats
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y \
    --no-install-recommends nats-server && \
    rm -rf /var/lib/apt/lists/* && \
    install -d -o smartcity -g smartcity -m 700 /var/lib/nats
USER smartcity
VOLUME /var/lib/nats
EXPOSE 4222
CMD ["nats-server", "-js", "-sd", "/var/lib/nats", "-a", "0.0.0.0", "-m", "8222"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8222 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]

# --- make test ---------------------------------------------------------------------
FROM build AS test
COPY . .
RUN .ci/install run test && rm -rf /var/lib/apt/lists/* && chown -R smartcity: .
USER smartcity
CMD ["make", "test"]
