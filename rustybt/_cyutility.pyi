from typing import Any

__pyx_capi__: dict[str, Any]

# Cython's own classes, which differ between its versions.
def __getattr__(name: str) -> Any: ...  # noqa: ANN401
