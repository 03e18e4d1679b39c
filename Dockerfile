# One image for luigid and for cron. docs/decisions/0015-image.md says why it is as it is.
#
#   docker compose build
#
# PIPELINE_UID and PIPELINE_GID are whose files ./data will hold. PIP_INDEX_URL names another
# package index than PyPI.

FROM python:3.13-slim-trixie AS packages

WORKDIR /app
ARG PIP_INDEX_URL
RUN python -m venv --without-pip /opt/pipeline
# Only what names the packages: a change of the code leaves this layer as it is. The package itself
# is installed as a pointer to /app, where the code will lie beside luigi.cfg and config/.
COPY setup.cfg pyproject.toml README.md LICENSE ./
COPY requirements requirements
COPY pipeline/version.py pipeline/version.py
# Every file is held to its hash, and nothing of a package runs while it is installed. What builds
# our own is installed for that moment only.
ENV PIP_PYTHON=/opt/pipeline/bin/python PIP_NO_CACHE_DIR=1
RUN touch pipeline/__init__.py \
    && pip install --require-hashes --only-binary :all: -r requirements/build.txt -r requirements/alerts.txt \
        -r requirements/s3.txt \
    && pip install --no-deps --no-build-isolation --no-index -e . \
    && pip uninstall --yes setuptools

# The programs that dump and restore, without Debian's wrapper around them, which wants all of Perl.
WORKDIR /postgresql
RUN apt-get update \
    && apt-get download postgresql-client-17 \
    && dpkg -x postgresql-client-17_*.deb .


FROM python:3.13-slim-trixie

# systemd-standalone-sysusers stands in for all of systemd, which cron would otherwise pull in.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        cron libpq5 liblz4-1 libreadline8t64 libxxhash0 libzstd1 systemd-standalone-sysusers tzdata \
    && apt-get dist-clean \
    && rm -f /etc/cron.d/* /etc/cron.daily/* \
    # A container's processes have no login of the machine's to be counted under.
    && sed -i '/pam_loginuid/d' /etc/pam.d/cron \
    # A user may read the crontab of its own without crontab's set-group-id bit, which is void here.
    && chmod 1731 /var/spool/cron/crontabs

ARG PIPELINE_UID=1000
ARG PIPELINE_GID=1000
RUN groupadd --non-unique --gid "$PIPELINE_GID" pipeline \
    && useradd --non-unique --uid "$PIPELINE_UID" --gid pipeline --home-dir /app --no-create-home \
        --shell /usr/sbin/nologin pipeline

COPY --from=packages /postgresql/usr/lib/postgresql/17/bin/pg_dump \
    /postgresql/usr/lib/postgresql/17/bin/pg_restore \
    /postgresql/usr/lib/postgresql/17/bin/psql /usr/local/bin/
COPY --from=packages /opt/pipeline /opt/pipeline
COPY config/docker/entrypoint config/docker/as-pipeline config/docker/luigid-answers /usr/local/bin/
# Called by name, these are the commands of the package, run as the user `pipeline`. A program of
# PostgreSQL that lacks a library ends the build here, and not the first backup.
RUN pg_dump --version && pg_restore --version && psql --version \
    && ln -s as-pipeline /usr/local/bin/luigi \
    && ln -s as-pipeline /usr/local/bin/luigid \
    && ln -s as-pipeline /usr/local/bin/tmdb-pipeline \
    && ln -s as-pipeline /usr/local/bin/tmdb-scheduled

WORKDIR /app
COPY luigi.cfg LICENSE ./
COPY config config
COPY pipeline pipeline
# In the stack luigid is another host. The root of the file system is read-only later, so the code
# is compiled now.
RUN sed -i 's|^scheduler_url = http://127.0.0.1:8082/$|scheduler_url = http://luigid:8082/|' luigi.cfg \
    && grep -q '^scheduler_url = http://luigid:8082/$' luigi.cfg \
    && python -m compileall -q pipeline \
    && mkdir data data-demo work \
    && chown pipeline:pipeline data data-demo work

ENV LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENTRYPOINT ["entrypoint"]
CMD ["cron"]
