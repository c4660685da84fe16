"""The planner: it finds what columns say of each other, and never ends worse than without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from ae_pipeline.codec.archive import ArchiveCodec, load_archive_codec, save_archive_codec
from ae_pipeline.coding import pack_integers
from ae_pipeline.config.job import EncodeJob, VerifyJob
from ae_pipeline.config.network import NetworkConfig
from ae_pipeline.config.planner import PlannerConfig
from ae_pipeline.config.tolerance import ToleranceConfig, ToleranceRule
from ae_pipeline.config.training import TrainingConfig
from ae_pipeline.errors import CodecMismatchError
from ae_pipeline.planner.linear_fit import fit_predictor
from ae_pipeline.storage import codec_directory
from ae_pipeline.verbs import encode, verify
from tests.support.codec.planned import planned
from tests.support.data.datasets import write_tree


def coded(cells: np.ndarray) -> int:
    """Bytes of all columns, each alone."""
    return sum(len(pack_integers(column.astype(np.int64))) for column in cells)


def predicted(cells: np.ndarray, n_rows: int | None = None) -> int:
    """Bytes of all columns with the predictor that was fitted to them."""
    predictor = fit_predictor([cells], n_rows or cells.shape[1])
    if predictor is None:
        return coded(cells)
    total = 0
    for number, column in enumerate(cells):
        distance = column.astype(np.int64) - predictor.base(number, cells)
        if predictor.follows[number]:
            distance -= np.concatenate([[0], column[:-1].astype(np.int64)])
        total += len(pack_integers(distance if predictor.predicts(number) else column.astype(int)))
    return total


def test_sums_of_columns_are_found(generator: np.random.Generator) -> None:
    """A column that is a sum of two others, whichever comes first, costs next to nothing."""
    a, b = generator.integers(-500, 500, (2, 20_000))
    for columns in ([a, b, a + b], [a + b, a, b], [a - 2 * b, a, b]):
        cells = np.array(columns, float)
        assert predicted(cells) < 0.68 * coded(cells)


def test_columns_that_move_together_are_found(generator: np.random.Generator) -> None:
    """Steps that two walks share are stored once."""
    common, own = np.cumsum(generator.integers(-20, 21, (2, 20_000)), axis=1)
    cells = np.array([common, common + own // 50], float)
    assert predicted(cells) < 0.75 * coded(cells)


def test_independent_columns_have_no_predictor(generator: np.random.Generator) -> None:
    """Where nothing depends on anything there is no predictor, so no bytes for one."""
    cells = generator.integers(-300, 300, (6, 5_000)).astype(float)
    assert fit_predictor([cells], 5_000) is None


@pytest.mark.parametrize("n_rows", [0, 1, 2, 3, 10])
def test_few_rows(generator: np.random.Generator, n_rows: int) -> None:
    """Blocks of hardly any rows are no reason to fail, nor to store a model."""
    cells = generator.integers(-9, 9, (4, n_rows)).astype(float)
    assert fit_predictor([cells, cells[:, :0]], n_rows) is None


def test_very_wide_tables(generator: np.random.Generator) -> None:
    """Columns beyond those that are looked at together are predicted from their neighbours."""
    walk = np.cumsum(generator.integers(-20, 21, 300))
    cells = np.array([walk + generator.integers(-2, 3, 300) for _ in range(700)], float)
    predictor = fit_predictor([cells], 100_000)
    assert predictor is not None
    predictor.check()
    assert sum(map(predictor.predicts, range(700))) > 650
    assert sorted(predictor.order.tolist()) == list(range(700))


def test_constant_and_equal_columns(generator: np.random.Generator) -> None:
    """Columns without variance, and copies of one another, are handled like any others."""
    a = generator.integers(-99, 99, 4_000).astype(float)
    cells = np.array([np.zeros(4_000), a, a, np.full(4_000, 7.0), a])
    assert predicted(cells) < 0.36 * coded(cells)


def plan_of(codec: ArchiveCodec) -> list[str]:
    """Names of the candidates, the chosen one with a star."""
    return [f"{one.name}{' *' if one.is_chosen else ''}" for one in codec.provenance.plan]


def fit_on(source: Path, folder: Path, **settings: object) -> ArchiveCodec:
    """Encode at 1 %, verify, and load the codec."""
    report = encode(job_at(source, folder, **settings))
    assert not report.failures
    checked = verify(VerifyJob(archive=str(folder), source=str(source)))
    assert not checked.failures
    return load_archive_codec(codec_directory(folder, report.codec_ids[0]))


def job_at(source: Path, folder: Path, **settings: object) -> EncodeJob:
    """Encode at 1 %."""
    tolerance = ToleranceConfig(relative=0.01)
    return EncodeJob(source=str(source), archive=str(folder), tolerance=tolerance, **settings)


def curved_table(n_rows: int, drift: float) -> pa.Table:
    """Twelve columns that are smooth functions of two numbers."""
    generator = np.random.default_rng(5)
    slopes, phases = generator.normal(size=(2, 12)) * 2, generator.uniform(0, 6, 12)
    latent = generator.uniform(-1, 1, (n_rows, 2)) + drift
    columns = np.sin(latent @ slopes + phases).T
    return pa.table({f"c{i}": column for i, column in enumerate(columns)})


@pytest.fixture(scope="module")
def curved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of `curved_table`; nobody may change it."""
    folder = tmp_path_factory.mktemp("curved")
    return write_tree(folder / "source", {"part-0.parquet": curved_table(20_000, 0.0)})


@pytest.fixture(scope="module")
def curved_codec(curved: Path, tmp_path_factory: pytest.TempPathFactory) -> ArchiveCodec:
    """Its codec before a table is added, trained for a few seconds."""
    planner = PlannerConfig(budget_s=3, windows=(1,))
    network = NetworkConfig(latent_dim=6)
    folder = tmp_path_factory.mktemp("state")
    return planned(job_at(curved, folder, planner=planner, network=network), folder)


@pytest.mark.slow
def test_a_network_wins_where_columns_are_curved(curved_codec: ArchiveCodec) -> None:
    """Nonlinear dependence is worth a trained network; the plan says what it was held against."""
    codec = curved_codec
    assert codec.network is not None
    names = plan_of(codec)
    assert names[0] == "direct"
    assert len({name.split(", ")[2] for name in names if "width" in name}) > 1
    assert sum(name.endswith("*") for name in names) == 1
    assert next(name for name in names if name.endswith("*")).startswith("trained network")
    payloads = {one.name: one.payload_bytes for one in codec.provenance.plan}
    assert 2 <= len(codec.provenance.history) <= 50
    assert codec.provenance.history[-1].steps == codec.provenance.training.steps
    chosen = next(one for one in codec.provenance.plan if one.is_chosen)
    assert chosen.payload_bytes < 0.7 * payloads["direct"]


@pytest.mark.slow
@pytest.mark.heavy
def test_a_cluster_finds_the_codec_of_threads(
    curved: Path, curved_codec: ArchiveCodec, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Workers train some shapes beside each other; no line of the plan but its seconds differs."""
    job = job_at(
        curved,
        tmp_path,
        planner=PlannerConfig(budget_s=3, windows=(1,)),
        network=NetworkConfig(latent_dim=6),
        execution={"engine": "dask"},
    )
    with caplog.at_level("INFO"):
        theirs = planned(job, tmp_path)
    assert any("trained by workers" in line for line in caplog.messages)
    assert theirs.id == curved_codec.id
    plans = [
        [(one.name, one.payload_bytes, one.model_bytes, one.is_chosen) for one in plan]
        for plan in (curved_codec.provenance.plan, theirs.provenance.plan)
    ]
    assert plans[1] == plans[0]


@pytest.mark.parametrize("learn", ["never", "linear"])
def test_what_may_not_be_tried_is_not(curved: Path, tmp_path: Path, learn: str) -> None:
    """`never` tries no network, `linear` none that needs training."""
    codec = fit_on(curved, tmp_path / "archive", planner=PlannerConfig(learn=learn, budget_s=5))
    names = " ".join(plan_of(codec))
    assert ("linear network" in names, "trained" in names) == (learn == "linear", False)


def test_the_table_is_the_last_entry_of_a_plan(curved: Path, tmp_path: Path) -> None:
    """A plan ends with the table model on top of the best before it, and is smaller for it."""
    codec = fit_on(curved, tmp_path / "archive", planner=PlannerConfig(learn="never", budget_s=5))
    *former, last = codec.provenance.plan
    assert [one for one in codec.provenance.plan if one.is_chosen] == [last]
    assert last.name == "table model"
    assert last.payload_bytes <= min(one.payload_bytes for one in former)


def test_no_budget_is_no_training(curved: Path, tmp_path: Path) -> None:
    """With a budget of nothing only what is in closed form competes."""
    codec = fit_on(curved, tmp_path / "archive", planner=PlannerConfig(budget_s=0))
    assert not any("trained" in name for name in plan_of(codec))


def test_one_column(tmp_path: Path, generator: np.random.Generator) -> None:
    """A table of one column has nothing to depend on and still gets its best codec."""
    table = pa.table({"only": np.cumsum(generator.normal(size=3_000))})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    codec = fit_on(source, tmp_path / "archive")
    assert codec.network is None
    assert plan_of(codec)[0].startswith("direct")


@pytest.mark.slow
@pytest.mark.parametrize("tolerance", [1e-12, 0.01, 1e12])
def test_absurd_scales_are_planned_around(tolerance: float, tmp_path: Path) -> None:
    """Columns far too fine or too coarse for their tolerance stop no plan."""
    angle = np.random.default_rng(0).uniform(0, 6, 3_000)
    waves = {"x": np.cos(angle), "y": np.sin(angle), "z": np.sin(2 * angle)}
    wild = {"far": waves["z"] * 1e30, "farther": waves["y"] * 1e160, "edge": waves["x"] * 1e308}
    spike = np.where(np.arange(3_000) == 7, 1e30, 1.0)
    table = pa.table({**waves, **wild, "spike": spike})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    rule = ToleranceRule(match="*", kind="absolute", value=tolerance)
    job = EncodeJob(
        source=str(source),
        archive=str(tmp_path / "archive"),
        tolerance=ToleranceConfig(rules=(rule,), accept_flattened=True),
        planner=PlannerConfig(budget_s=2),
    )
    assert not encode(job).failures
    assert not verify(VerifyJob(archive=job.archive, source=str(source))).failures


@pytest.mark.slow
def test_training_goes_on_from_another_codec(curved_codec: ArchiveCodec, tmp_path: Path) -> None:
    """On drifted data a few steps from the former network do what as many from PCA do not."""
    drifted = write_tree(tmp_path / "source", {"part-0.parquet": curved_table(8_000, 0.2)})
    smallest = {}
    for name, start in (("warm", curved_codec), ("cold", None)):
        training = TrainingConfig(max_steps=300)
        job = job_at(drifted, tmp_path / name, training=training)
        plan = planned(job, tmp_path / name, start).provenance.plan
        trained = [one.payload_bytes for one in plan if one.name.startswith("trained")]
        smallest[name] = min(trained)
    assert smallest["warm"] < 0.9 * smallest["cold"]


def test_start_of_other_columns_is_refused(curved_codec: ArchiveCodec, tmp_path: Path) -> None:
    """A codec of other columns is no start, and is named."""
    table = pa.table({"other": np.arange(50.0), "columns": np.arange(50.0)})
    source = write_tree(tmp_path / "source", {"part-0.parquet": table})
    save_archive_codec(curved_codec, tmp_path / "codec")
    training = TrainingConfig(start_from=str(tmp_path / "codec"))
    job = EncodeJob(source=str(source), archive=str(tmp_path / "a"), training=training)
    with pytest.raises(CodecMismatchError, match="other feature columns"):
        encode(job)
