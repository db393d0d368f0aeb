"""Classifiers: terms that put assets into groups."""

from rustybt.pipeline.classifiers.classifier import (
    Classifier,
    CustomClassifier,
    Everything,
    InvalidClassifierComparison,
    Latest,
    Quantiles,
    Relabel,
)

__all__ = [
    "Classifier",
    "CustomClassifier",
    "Everything",
    "InvalidClassifierComparison",
    "Latest",
    "Quantiles",
    "Relabel",
]
