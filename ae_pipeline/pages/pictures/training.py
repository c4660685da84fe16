"""The curve of the training: losses by epoch, and the epoch whose weights were kept."""

from __future__ import annotations

import math

from ae_pipeline.pages.drawing import Colour, drawing
from ae_pipeline.pages.facts import Facts
from ae_pipeline.pages.markup import Section, figure
from ae_pipeline.results.fit import EpochRecord, TrainingSummary


def section(facts: Facts) -> Section | None:
    """The curve; None of a codec whose training has no two epochs to draw."""
    provenance = facts.format.provenance
    known = [one for one in provenance.history if math.isfinite(one.validation_loss)]
    if len(known) < 2:
        return None
    training = provenance.training
    lead = (
        f"{training.epochs:,} epochs, {training.steps:,} steps, stopped by {training.stop_reason}. "
        f"The loss fell from {training.start_loss:.3g} to {training.validation_loss:.3g}, the mean "
        "over columns of their MSE in units of their variance."
    )
    return Section("training", "Training", lead, figure(_draw(known, training)), is_half=True)


def _draw(history: list[EpochRecord], training: TrainingSummary) -> str:
    epochs = [one.epoch for one in history]
    with drawing("Loss by epoch", 200) as picture:
        axes = picture.axes
        axes.plot(
            epochs, [one.train_loss for one in history], lw=1.2, color=Colour.SOURCE.value,
            label="training",
        )  # fmt: skip
        axes.plot(
            epochs, [one.validation_loss for one in history], lw=1.8, color=Colour.OURS.value,
            label="validation",
        )  # fmt: skip
        axes.plot(
            [training.best_epoch], [training.validation_loss], "o", ms=7, mfc=Colour.PAPER.value,
            mec=Colour.OURS.value, label=f"kept: epoch {training.best_epoch:,}",
        )  # fmt: skip
        if all(one.validation_loss > 0 and one.train_loss > 0 for one in history):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(lambda loss, _: f"{loss:g}")
            axes.yaxis.set_minor_formatter(lambda loss, _: "")
        axes.grid(axis="y")
        axes.set_xlabel("epoch", size=9)
        axes.set_ylabel("loss", size=9)
        picture.figure.legend(loc="outside upper left", ncols=3, fontsize=9)
    return picture.svg
