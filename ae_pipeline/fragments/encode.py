"""Encode one source fragment, unless its encoded file is current."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from ae_pipeline.dataset import (
    Fragment,
    Seen,
    fingerprint,
    lossless_schema,
    opened_end,
    pinned,
)
from ae_pipeline.errors import SourceChangedError, SourceDamagedError
from ae_pipeline.formats import FragmentFormat, check_schema, require_footer
from ae_pipeline.fragments.byte_account import fragment_bytes
from ae_pipeline.fragments.forms import kept_form
from ae_pipeline.fragments.plans import EncodePlan
from ae_pipeline.fragments.source_match import returned_error
from ae_pipeline.publish import publishing
from ae_pipeline.results.dataset import FragmentResult, State
from ae_pipeline.storage import Footer
from ae_pipeline.store import is_remote, place, using
from ae_pipeline.upkeep import footer_of, is_only_copy, note_footer, replacing
from ae_pipeline.work import cpu_s

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class EncodeWork:
    """Encodes fragments of a plan, in this process or another one."""

    plan: EncodePlan

    @property
    def paths(self) -> tuple[str, ...]:
        """The folders of the source, and that of the destination."""
        return (*self.plan.spared, self.plan.destination)

    def __getstate__(self) -> dict[str, object]:
        """Leave out all fragments but one of each codec: the codecs are opened for these."""
        some = {self.plan.codec_of(one): one for one in self.plan.fragments}
        return {"plan": replace(self.plan, fragments=tuple(some.values()))}

    @property
    def makes(self) -> type[FragmentResult]:
        """Results."""
        return FragmentResult

    def open(self) -> Callable[[Fragment], FragmentResult]:
        """Load the codecs; errors as `open_format`."""
        return partial(encode_fragment, self.plan, self.plan.open_formats())


def encode_fragment(
    plan: EncodePlan, formats: Mapping[str, FragmentFormat], fragment: Fragment
) -> FragmentResult:
    """Encode one fragment unless its encoded file is current.

    Raises:
        AePipelineError: it cannot be encoded, or its encoded file must not be replaced.
    """
    path = place(plan.destination) / fragment.relative
    with using(fragment.path, fragment.version), using(path, None):
        return _encode(plan, formats[plan.codec_of(fragment)], fragment, path)


def _encode(
    plan: EncodePlan, format: FragmentFormat, fragment: Fragment, path: Path
) -> FragmentResult:
    fragment = pinned(fragment)
    identity, found = fingerprint(fragment), footer_of(path)
    footer = Footer(format.kind, format.codec_id, identity, fragment.size_bytes, format.extra)
    is_forced = plan.force or fragment.relative in plan.suspects
    if not is_forced and footer.is_same(found):
        return _result(format, fragment, path, "current", ())
    if path.exists() and is_only_copy(found, identity, plan.retired.get(fragment.relative)):
        raise returned_error(fragment.path)
    started = cpu_s()
    seen = Seen.at(fragment.path)
    if not plan.force:
        _check_not_rotted(fragment, found, identity, seen)
    result = _replace(plan, format, fragment, footer, seen)
    _log(result, cpu_s() - started)
    return result


def _replace(
    plan: EncodePlan, format: FragmentFormat, fragment: Fragment, footer: Footer, seen: Seen
) -> FragmentResult:
    """Write a fragment and publish it, unless its source changed meanwhile."""
    fragment, arrow = lossless_schema(fragment)
    check_schema(format, arrow, fragment.relative)
    form, changes = kept_form(fragment, arrow, accepts_changes=plan.accepts_changes)
    footer = footer.with_schema(arrow, format.schema).with_form(form, format.schema)
    if format.has_promise:  # whose source may be deleted
        footer = replace(footer, source_sha256=seen.sha256)
    destination = place(plan.destination)
    with (
        replacing(destination, fragment.relative, fragment.path) as keep,
        publishing(destination / fragment.relative) as whole,
    ):
        warnings = (*changes, *format.write(fragment, whole, footer, arrow))
        _check_unchanged(fragment, footer.source_fingerprint, seen)
        # Read before another run can put its own file there.
        result = _result(format, fragment, whole, "written", warnings)
        stored = footer_of(whole) if is_remote(whole) else None
        keep()
    note_footer(destination / fragment.relative, stored)
    return result


def _log(result: FragmentResult, seconds: float) -> None:
    logger.info(
        "encoded %s: %d rows, %d -> %d bytes (payload %d), %.2f CPU s",
        result.relative,
        result.n_rows,
        result.source_bytes,
        result.encoded_bytes,
        result.payload_bytes,
        seconds,
    )


def _check_unchanged(fragment: Fragment, identity: str, seen: Seen) -> None:
    """Raise `SourceChangedError` if the bytes read may differ from those that the footer names."""
    is_same = fingerprint(replace(fragment, identity=None)) == identity
    if not is_same or not seen.is_still(fragment.path):
        raise SourceChangedError(
            "source changed while it was encoded",
            where=str(fragment.path),
            remedy="run again once nobody writes to it",
        )


def _check_not_rotted(fragment: Fragment, found: Footer | None, identity: str, seen: Seen) -> None:
    """Raise `SourceDamagedError` if the bytes changed although the fingerprint did not."""
    if (
        found is not None
        and found.source_fingerprint == identity
        and found.source_sha256 not in ("", seen.sha256)
    ):
        raise SourceDamagedError(
            "source has other bytes than when it was encoded, and the same fingerprint: it rotted, "
            "or was rewritten in place",
            where=str(fragment.path),
            expected=f"SHA-256 {found.source_sha256}",
            got=seen.sha256,
            remedy="restore it, or take it as it is with `encode --force`",
        )


def _result(
    format: FragmentFormat, fragment: Fragment, path: Path, state: State, warnings: tuple[str, ...]
) -> FragmentResult:
    made = pinned(Fragment(path, fragment.relative, 0))
    with opened_end(made) as file:
        metadata = pq.read_metadata(file)
    footer = require_footer(metadata, fragment)
    return FragmentResult(
        **vars(fragment_bytes(format, metadata, footer, made)),
        relative=fragment.relative,
        partition=fragment.partition,
        state=state,
        n_rows=metadata.num_rows,
        warnings=warnings,
    )
