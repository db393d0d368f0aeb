"""Pipelines: terms computed for each asset on each date, screened and ranked across assets."""

from rustybt.pipeline.classifiers import Classifier, CustomClassifier
from rustybt.pipeline.domain import Domain
from rustybt.pipeline.engine import SimplePipelineEngine
from rustybt.pipeline.factors import CustomFactor, Factor
from rustybt.pipeline.filters import CustomFilter, Filter
from rustybt.pipeline.graph import ExecutionPlan, TermGraph
from rustybt.pipeline.pipeline import Pipeline
from rustybt.pipeline.term import ComputableTerm, LoadableTerm, Term

__all__ = [
    "Classifier",
    "ComputableTerm",
    "CustomClassifier",
    "CustomFactor",
    "CustomFilter",
    "Domain",
    "ExecutionPlan",
    "Factor",
    "Filter",
    "LoadableTerm",
    "Pipeline",
    "SimplePipelineEngine",
    "Term",
    "TermGraph",
]
