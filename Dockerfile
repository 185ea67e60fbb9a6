# Two stages: the first builds the wheel, the second has nothing of the build in it. Runs as a user without rights.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/build.txt requirements/
RUN python3 -m venv /opt/syndicator \
 && /opt/syndicator/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements/build.txt
COPY requirements/postgres.txt requirements/
RUN /opt/syndicator/bin/python -m pip install --no-cache-dir --require-hashes --no-deps -r requirements/postgres.txt
COPY pyproject.toml README.md LICENSE ./
COPY syndicator syndicator
COPY templates templates
COPY config config
RUN /opt/syndicator/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin app \
 && install -d -o app -g app /data /etc/syndicator
COPY --from=build /opt/syndicator /opt/syndicator
ENV PATH=/opt/syndicator/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SYNDICATOR_CONFIG=/etc/syndicator \
    SYNDICATOR_LISTEN=0.0.0.0:8700 \
    SYNDICATOR_MEMORY=/data/syndicator.memory
USER app
WORKDIR /data
VOLUME /data
EXPOSE 8700
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8700/healthz', timeout=4)"]
ENTRYPOINT ["syndicator"]
CMD ["run"]
