"""Fit a features codec: measure, choose what each column is, train, tell what is lost."""

from ae_pipeline.fitting.features.fit import fit_codec

__all__ = ["fit_codec"]
