"""The last step of a run that wrote: one page of the dataset, in its private folder.

The data is published by then, so a page that cannot be made is told of and fails nothing.
"""

import base64
from urllib.parse import quote as quoted

from prefect import get_run_logger, task
from prefect.artifacts import create_link_artifact, create_markdown_artifact
from prefect.utilities.annotations import quote

from ae_pipeline.config.job import JobConfig
from ae_pipeline.errors import MissingExtraError
from ae_pipeline.escaping import markdown, markdown_item
from ae_pipeline.locations import parse
from ae_pipeline.pages import LeftPage, leave_page, require_drawing
from ae_pipeline.report.headline import size_words
from ae_pipeline.results.dataset import DatasetReport

from ..pages.artifacts import artifact_key
from .states import WORK, failing_in_one_line


@task(name="write-page", task_run_name="write-page", **WORK)
@failing_in_one_line
def write_page(dataset: str, source: str | None, report: DatasetReport | None) -> LeftPage:
    """Write the page of a dataset; nothing is compared that the run has not compared."""
    return leave_page(dataset, source, report)


def end_with_page(
    job: JobConfig,
    dataset: str,
    verb: str,
    source: str | None = None,
    report: DatasetReport | None = None,
) -> None:
    """Write the page of what a run has written, and publish its key facts; say why if that fails.

    Args:
        job: of the run.
        dataset: that it has written.
        verb: that the keys of artifacts hold.
        source: whose rows and sizes the page shows; None if they are gone.
        report: of values that the run has compared, if it has.
    """
    if not job.execution.page:
        return
    try:
        require_drawing()
    except MissingExtraError as error:
        get_run_logger().info("no page of %s: %s", dataset, error)
        return
    attempt = write_page.with_options(retries=job.execution.retries)
    state = attempt(dataset, source, quote(report), return_state=True)
    if not state.is_completed():
        get_run_logger().warning("no page of %s, whose data is whole: %s", dataset, state.message)
        return
    _publish(state.result(), job, dataset, verb)


def _publish(page: LeftPage, job: JobConfig, dataset: str, verb: str) -> None:
    """Publish the key facts and the key picture, and a link where a browser can follow one."""
    key = artifact_key(f"{verb}-page", job.source or dataset)
    told = markdown(f"Page of {dataset}: {page.place}, {size_words(page.n_bytes)}")
    create_markdown_artifact(key=key, markdown=facts_of(page), description=told)
    address = address_of(page.place, job)
    if address is not None:
        key = artifact_key(f"{verb}-link", job.source or dataset)
        create_link_artifact(address, "Open the page", key=key, description=told)


def facts_of(page: LeftPage) -> str:
    """Return the key facts of a page as Markdown, with its picture as a part of the text."""
    rows = [f"| {markdown(name)} | {markdown(value)} |" for name, value in page.numbers]
    parts = ["\n".join(["| | |", "| --- | --: |", *rows])]
    parts += [f"- {markdown_item(sentence)}" for sentence in page.sentences]
    if page.picture:
        content = base64.b64encode(page.picture.encode()).decode("ascii")
        parts.append(f"![Where the bytes went](data:image/svg+xml;base64,{content})")
    parts.append(f"The whole page: {markdown(page.place)}")
    return "\n\n".join(parts)


def address_of(place: str, job: JobConfig) -> str | None:
    """Return where a browser finds a page; None of files, which pages of a server cannot link to.

    Args:
        place: path or URI.
        job: with the settings of stores; one with an endpoint has no address that we know.
    """
    location = parse(place)
    if location is None or any(store.endpoint for store in job.stores.values()):
        return None
    key = quoted(location.key)
    if location.scheme == "gs":
        return f"https://storage.cloud.google.com/{location.bucket}/{key}"
    if location.scheme == "s3":
        return f"https://console.aws.amazon.com/s3/object/{location.bucket}?prefix={key}"
    return None
