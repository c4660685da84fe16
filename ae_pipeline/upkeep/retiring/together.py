"""Delete all sources of a run that may go; a source that stays does not stop the others."""

from __future__ import annotations

from collections.abc import Sequence

from ae_pipeline.config.job import CompressJob
from ae_pipeline.dataset import Fragment, Source
from ae_pipeline.errors import AePipelineError
from ae_pipeline.results.dataset import FragmentFailure, FragmentResult, Proof
from ae_pipeline.results.progress import silent
from ae_pipeline.store import place
from ae_pipeline.upkeep.retiring.permission import deletions_of
from ae_pipeline.upkeep.retiring.retention import retire
from ae_pipeline.work import in_threads

#: Deletions in a store at the same time: each waits for about ten answers, one after the other.
_AT_ONCE = 8


def retire_all(
    job: CompressJob, source: Source, results: Sequence[FragmentResult]
) -> tuple[tuple[Fragment, ...], tuple[FragmentFailure, ...]]:
    """Delete the sources of all fragments that were compared and verified.

    Args:
        job: settings.
        source: its present listing.
        results: of fragments that may go; those without a proof stay.

    Returns:
        Fragments that were deleted, and failures.

    Raises:
        ConfigError: by now the bucket keeps no versions, and the job does not accept that.
        StoreError: the store does not tell what it keeps.
    """
    proofs = {one.relative: one.proof for one in results if one.errors is not None and one.proof}
    archive, known = place(job.archive), {one.relative: one for one in source.fragments}
    fragments = [known.get(name) or Fragment(source.root / name, name, 0) for name in proofs]
    with deletions_of(job) as deletions:

        def delete(one: Fragment) -> FragmentFailure | bool:
            proof: Proof = proofs[one.relative]
            try:
                return retire(source.root, archive, one.relative, proof, deletions)
            except (AePipelineError, OSError) as error:
                return FragmentFailure(one.relative, f"not deleted: {error}", False)

        n_threads = 1 if deletions is None else _AT_ONCE
        made = in_threads(fragments, delete, workers=n_threads, stage="retire", progress=silent)
    return (
        tuple(one for one, what in zip(fragments, made, strict=True) if what is True),
        tuple(one for one in made if isinstance(one, FragmentFailure)),
    )
