"""F12: a module built against another numpy, with numpy's own checks of its binary interface.

Each module is compiled against the headers of the installed numpy, changed to be those of another.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.smoke.conftest import Environment

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="compiles as a Unix compiler does")

# What numpy tells extensions to call, and what Cython calls of it.
MACRO = "import_array();"
FUNCTION = "if (_import_array() < 0) return NULL;"
# How a numpy 1 header reaches for the interface.
NUMPY_1 = """
    PyObject *umath = PyImport_ImportModule("numpy.core._multiarray_umath");
    if (umath == NULL || PyObject_GetAttrString(umath, "_ARRAY_API") == NULL) return NULL;
"""
# How Cython compares the size of a type that a .pxd declares.
LARGER_DTYPE = """
    PyObject *numpy = PyImport_ImportModule("numpy");
    PyTypeObject *dtype = (PyTypeObject *)PyObject_GetAttrString(numpy, "dtype");
    Py_ssize_t declared = sizeof(struct { PyArray_Descr first; char more[512]; });
    if (dtype->tp_basicsize < declared) {
        PyErr_Format(PyExc_ValueError, "numpy.dtype size changed, may indicate binary "
            "incompatibility. Expected %zd from C header, got %zd from PyObject",
            declared, dtype->tp_basicsize);
        return NULL;
    }
"""
SOURCE = """\
#include <Python.h>
#include <numpy/arrayobject.h>

__attribute__((used)) const char mark[] = "rustybt-source:{name}={fingerprint};";
static struct PyModuleDef module = {{PyModuleDef_HEAD_INIT, "{stem}", NULL, -1, NULL}};

PyMODINIT_FUNC PyInit_{stem}(void) {{
    {body}
    return PyModule_Create(&module);
}}
"""


def other_headers(folder: Path, changes: dict[str, str]) -> Path:
    """Copy numpy's headers, with other values of some macros."""
    include = folder / "include"
    shutil.copytree(Path(np.get_include(), "numpy"), include / "numpy")
    with (include / "numpy/numpyconfig.h").open("a", encoding="utf-8") as config:
        for macro, value in changes.items():
            config.write(f"#undef {macro}\n#define {macro} {value}\n")
    return include


def build(environment: Environment, module: dict[str, Any], include: Path, body: str) -> None:
    """Put a module that is compiled against the headers in `include` in the place of `module`."""
    compiler = shutil.which(sysconfig.get_config_var("CC").split()[0]) or shutil.which("cc")
    assert compiler, "this test needs the C compiler that rustybt is built with"
    target = environment.shared_object(module)
    target.unlink()
    source = include / "module.c"
    stem = module["name"].rpartition(".")[2]
    text = SOURCE.format(
        name=module["name"], fingerprint=module["fingerprint"], stem=stem, body=body
    )
    source.write_text(text, encoding="utf-8")
    flags = ["-undefined", "dynamic_lookup"] if sys.platform == "darwin" else []
    folders = [f"-I{include}", f"-I{sysconfig.get_path('include')}"]
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-w", *folders, "-o", target, source, *flags],
        check=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("changes", "body", "cause"),
    [
        (
            {"NPY_VERSION": "0x01000009"},
            FUNCTION,
            "compiled against ABI version 0x1000009 but this version of numpy is 0x",
        ),
        (
            {"NPY_FEATURE_VERSION": "0x000000ff", "NPY_FEATURE_VERSION_STRING": '"2.99"'},
            FUNCTION,
            "compiled against NumPy C-API version 0xff (NumPy 2.99) but the running NumPy has",
        ),
        ({"NPY_VERSION": "0x01000009"}, MACRO, "numpy._core.multiarray failed to import"),
        ({}, NUMPY_1, "compiled using NumPy 1.x cannot be run in NumPy 2"),
        ({}, LARGER_DTYPE, "numpy.dtype size changed, may indicate binary incompatibility"),
    ],
    ids=["older-abi", "newer-api", "macro", "numpy-1", "larger-dtype"],
)
def test_f12_module_of_another_numpy(
    environment: Environment, tmp_path: Path, changes: dict[str, str], body: str, cause: str
) -> None:
    module = environment.module()
    build(environment, module, other_headers(tmp_path, changes), body)
    sound = next(
        item["name"] for item in environment.record()["modules"] if item["name"] != module["name"]
    )
    result = environment.smoke(f"--select={module['name']}", f"--select={sound}")
    assert result.found == {("SM210", module["name"])}
    assert cause in result.finding("SM210")["cause"]
    assert result.statuses() == {module["name"]: "failed", sound: "ok"}
    assert result.status == 1


@pytest.mark.parametrize("body", [MACRO, FUNCTION])
def test_module_of_this_numpy_is_not_blamed_for_it(
    environment: Environment, tmp_path: Path, body: str
) -> None:
    module = environment.module()
    environment.probe(module).write_text("def probe():\n    return 1, 1\n")
    build(environment, module, other_headers(tmp_path, {}), body)
    result = environment.smoke("--select", module["name"])
    assert (result.status, result.found) == (0, set())
