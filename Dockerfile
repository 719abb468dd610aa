ARG PYTHON_IMAGE=python:3.13-slim
FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python3 -m venv /opt/goseventh
# requirements-postgresql.txt for an image that can keep people in PostgreSQL too.
ARG REQUIREMENTS=requirements.txt
COPY ${REQUIREMENTS} ./
RUN /opt/goseventh/bin/pip install --no-cache-dir --only-binary=:all: --require-hashes -r ${REQUIREMENTS}
COPY pyproject.toml LICENSE ./
COPY index index
COPY storage storage
COPY goseventh goseventh
# Bytecode that is never compared with its source starts a process sooner, and survives the copy whatever its dates.
RUN /opt/goseventh/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/goseventh/bin/pip uninstall --yes --quiet setuptools pip \
    && /opt/goseventh/bin/python -m goseventh.sbom > /opt/goseventh/sbom.cdx.json \
    && python3 -m compileall -q -f --invalidation-mode unchecked-hash /opt/goseventh/lib

FROM ${PYTHON_IMAGE}
# The base image brings installers of its own, which a server has no use for, and its standard library may come
# without bytecode, which an unprivileged process would compile anew at every start.
RUN stdlib=$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))') \
    && for dir in "$stdlib" $(python3 -c 'import site; print(*site.getsitepackages())'); do \
        rm -rf "$dir"/ensurepip "$dir"/pip "$dir"/pip-* "$dir"/setuptools "$dir"/setuptools-* \
            "$dir"/pkg_resources "$dir"/wheel "$dir"/wheel-*; \
    done \
    && rm -f /usr/bin/pip* /usr/bin/wheel /usr/local/bin/pip* \
    && python3 -m compileall -q -x '/(idlelib|lib2to3|test|tests|tkinter|turtledemo|site-packages|dist-packages)/' "$stdlib" \
    && groupadd --gid 10001 goseventh \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin goseventh \
    && install -d -o 10001 -g 10001 -m 0750 /data
COPY --from=build /opt/goseventh /opt/goseventh
ENV PATH=/opt/goseventh/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GOSEVENTH_HOST=0.0.0.0 \
    GOSEVENTH_DATA_DIR=/data
USER 10001:10001
VOLUME /data
EXPOSE 9999
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["/opt/goseventh/bin/goseventh", "health"]
ENTRYPOINT ["/opt/goseventh/bin/goseventh"]
CMD ["serve"]
