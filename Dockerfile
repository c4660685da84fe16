# A small image that reads, encodes without networks, and answers queries; no TensorFlow, no Prefect:
#     docker build -t ae-pipeline .
# Everything, to train networks and to be a worker of a Prefect pool:
#     docker build --build-arg EXTRAS=all -t ae-pipeline:worker .
# docs/how-to/container.md tells how both are used.
FROM python:3.12.12-slim-bookworm AS build
ARG EXTRAS=cli,cloud,fast,query
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY ae_pipeline ae_pipeline
COPY flows flows
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# The pins of constraints.txt, for what is installed and for what builds it. Without its hashes, which pip
# would demand of this package, too.
RUN sed -E '/^ +--hash/d; s/ +\\$//' constraints.txt > pins.txt \
 && python -m venv /opt/ae-pipeline \
 && PIP_CONSTRAINT=/src/pins.txt /opt/ae-pipeline/bin/pip install --no-cache-dir "/src[${EXTRAS}]"

FROM python:3.12.12-slim-bookworm
COPY --from=build /opt/ae-pipeline /opt/ae-pipeline
# The archive's owner need not be this one: `docker run --user` takes any other.
RUN useradd --create-home --uid 10001 ae && install --directory --owner=ae /work
ENV PATH=/opt/ae-pipeline/bin:$PATH TF_CPP_MIN_LOG_LEVEL=3
USER 10001
WORKDIR /work
CMD ["ae-pipeline", "--help"]
