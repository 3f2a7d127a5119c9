# iii-dev in a container: docker build -t iii-dev . && docker run --rm -p 49134:49134 iii-dev
FROM swift:6.3-bookworm AS build
WORKDIR /source
# What the build needs, as on any machine.
COPY Scripts/setup Scripts/setup
RUN apt-get update && Scripts/setup
COPY . .
RUN make deb && mv .build/iii-dev_*.deb /iii-dev.deb

FROM debian:bookworm-slim
COPY --from=build /iii-dev.deb /tmp/iii-dev.deb
RUN apt-get update && apt-get install -y --no-install-recommends /tmp/iii-dev.deb && rm -rf /tmp/iii-dev.deb /var/lib/apt/lists/*
EXPOSE 49134
ENTRYPOINT ["iii-dev"]
CMD ["--host", "0.0.0.0"]
