"""What can watch a pipeline being computed."""

from rustybt.pipeline.hooks.interface import DelegatingHooks, NoHooks, PipelineHooks

__all__ = ["DelegatingHooks", "NoHooks", "PipelineHooks"]
