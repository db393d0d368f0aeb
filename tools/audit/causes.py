"""Every cause the audit can name: a stable code, a sentence, a remedy.

The first digit of a code is the stage. The last two mean the same at every stage that has
contents: 01-07 its files, 11-20 its shared objects, 31 its RECORD, 41-43 its build record.
``docs/audit.md`` documents each code.
"""

from __future__ import annotations

from enum import Enum

from audit.stages import Stage

_STAGES = {stage.digit: stage for stage in Stage}
_FIRST_HAZARD = 111

_REBUILD = "Build again from this checkout: `./pixiw run build`."
_CONDA = "Build the conda package again from this checkout: `./pixiw run build-conda`."
_CLEAN = "Remove it (`./pixiw run clean`) and build again."
_REINSTALL = "Install the wheel again: `./pixiw run install`."
_ONE_INTERPRETER = "Build one wheel per interpreter, each from a clean build directory."


class Cause(Enum):
    """A cause: its code, what is wrong, and what to do."""

    # The checkout: what is declared.
    NO_INIT = (
        "AU101",
        "A folder with package sources lacks an `__init__.py`.",
        "Add an `__init__.py`: package discovery passes over a folder without one.",
    )
    UNRESOLVED_IMPORT = (
        "AU102",
        "A module is imported or included, but the checkout does not have it.",
        (
            "Commit the file from the machine that has it (`git check-ignore -v FILE` there tells "
            "why git left it out), or correct the import."
        ),
    )
    MISSING_FROM_TREE = (
        "AU103",
        "A file that git tracks is missing from the working tree.",
        "Restore it with `git restore FILE`, or commit its removal.",
    )
    # The checkout: settings that lose modules in silence.
    OPTIONAL_EXTENSION = (
        "AU111",
        "An extension is declared optional: a failed build would leave it out in silence.",
        "Remove the optional flag.",
    )
    OPTIONAL_IMPORT = (
        "AU112",
        "The import of a compiled module is guarded: its absence would pass unnoticed.",
        "Import it plainly, or raise from the handler.",
    )
    PYTEST_PATH = (
        "AU121",
        "pytest puts the checkout on sys.path: the tests import the sources, not the install.",
        "Remove the entry, and use --import-mode=importlib.",
    )
    COMMAND_PATH = (
        "AU122",
        "A task puts the checkout on sys.path: it imports the sources, not the install.",
        "Run `python -P -m ...`, and keep the checkout out of PYTHONPATH.",
    )
    IGNORE_PATTERN = (
        "AU131",
        "An unanchored pattern in .gitignore could swallow a folder of the package.",
        "Anchor the pattern with a leading slash.",
    )
    LEFTOVER = (
        "AU141",
        "A build leftover in the package folder would enter an artefact.",
        "Remove the leftover (`./pixiw run clean`), and narrow the pattern that takes it.",
    )
    # git.
    IGNORED = (
        "AU201",
        "A source is ignored by git: it exists here, and in no clean checkout.",
        "Anchor or remove the pattern, then `git add` the file.",
    )
    UNTRACKED = (
        "AU202",
        "A source is not tracked by git: it exists here, and in no clean checkout.",
        "Commit it with `git add`, or remove it.",
    )
    LEFTOVER_TRACKED = (
        "AU203",
        "A build leftover is tracked by git.",
        "Remove it from git with `git rm --cached FILE`.",
    )
    # The sdist.
    SDIST_MISSING = (
        "AU301",
        "A source is not in the sdist: what is built from it lacks the module or fails.",
        "Add its pattern to MANIFEST.in, then build again.",
    )
    SDIST_DIFFERS = ("AU302", "A source in the sdist differs from the checkout's.", _REBUILD)
    SDIST_GENERATED = ("AU303", "The sdist contains generated files.", _CLEAN)
    SDIST_SIZE = (
        "AU304",
        "The sdist is over its ceiling.",
        "Remove what does not belong in it, or raise the ceiling in tools/audit/policy.toml.",
    )
    SDIST_BUILD_FILE = (
        "AU305",
        "A file that the build needs is not in the sdist.",
        "Add it to MANIFEST.in, then build again.",
    )
    SDIST_IDENTITY = ("AU306", "The sdist's name or version is not the checkout's.", _REBUILD)
    SDIST_EXTRA = ("AU307", "The sdist has a source that the checkout has not.", _REBUILD)
    # The wheel.
    WHEEL_MISSING = (
        "AU401",
        "A module, or a file of it, is not in the wheel.",
        "Look for the module in the build's log, and build again from a clean build directory.",
    )
    WHEEL_DIFFERS = ("AU402", "A file in the wheel differs from the checkout's.", _REBUILD)
    WHEEL_GENERATED = ("AU403", "The wheel contains generated files.", _CLEAN)
    WHEEL_SIZE = (
        "AU404",
        "The wheel is over its ceiling.",
        (
            "Strip the shared objects, remove what does not belong in it, or raise the ceiling in "
            "tools/audit/policy.toml."
        ),
    )
    WHEEL_SUBPACKAGE = (
        "AU405",
        "A whole subpackage is not in the wheel: package discovery did not find it.",
        "Let [tool.setuptools.packages.find] include it, and see that it has an `__init__.py`.",
    )
    WHEEL_IDENTITY = ("AU406", "The wheel's name or version is not the checkout's.", _REBUILD)
    WHEEL_EXTRA = (
        "AU407",
        "The wheel has a package file that the checkout has not.",
        "Build again from a clean build directory: an earlier build left the file there.",
    )
    WHEEL_ABI = (
        "AU411",
        "A shared object in the wheel is of another Python, ABI or platform than the wheel.",
        _ONE_INTERPRETER,
    )
    WHEEL_MACHINE = (
        "AU412",
        "A shared object in the wheel is built for another machine than the wheel.",
        "Build it with the compiler of the wheel's platform.",
    )
    WHEEL_TWICE = (
        "AU413",
        "The wheel has a module twice: which of the two is imported depends on the interpreter.",
        _ONE_INTERPRETER,
    )
    WHEEL_UNDECLARED = (
        "AU414",
        "The wheel has a shared object that no source declares.",
        "Remove it from package data and from the build directory, then build again.",
    )
    WHEEL_UNMARKED = (
        "AU415",
        "A shared object in the wheel has no fingerprint of its sources.",
        "Build it through setup.py, which links the fingerprint into every module.",
    )
    WHEEL_MISLABELLED = (
        "AU416",
        "A shared object in the wheel has the fingerprint of another module.",
        "Build again from a clean build directory.",
    )
    WHEEL_STALE = (
        "AU417",
        "A shared object in the wheel is stale: it was built from other sources.",
        _REBUILD,
    )
    WHEEL_PACKED = (
        "AU418",
        "A stale shared object was packed into the wheel from the working tree.",
        (
            "Remove the leftover (`./pixiw run clean`) and any package data pattern that matches "
            "shared objects, then build again."
        ),
    )
    WHEEL_PURE = (
        "AU419",
        "The wheel has no shared object at all.",
        "See that setup.py is used by the build and that its extensions are not optional.",
    )
    WHEEL_TAG = (
        "AU420",
        "The wheel has shared objects, but its tags or metadata call it pure Python.",
        "Let the build know of the extensions (ext_modules, rust_extensions).",
    )
    WHEEL_NAME = (
        "AU421",
        "The tags in the wheel's name are not those in its WHEEL file.",
        "Never rename a wheel; build again.",
    )
    WHEEL_RECORD = (
        "AU431",
        "The wheel's RECORD does not describe the wheel's contents.",
        "Never edit a wheel by hand; build again.",
    )
    WHEEL_NO_BUILD_RECORD = ("AU441", "The wheel has no readable build record.", _REBUILD)
    WHEEL_BUILD_RECORD = (
        "AU442",
        "The wheel's build record does not describe the wheel's contents.",
        "Build again from a clean build directory.",
    )
    WHEEL_DIGEST = (
        "AU443",
        "The wheel was built from other sources than this checkout's.",
        _REBUILD,
    )
    # The conda package.
    CONDA_MISSING = (
        "AU501",
        "A module, or a file of it, is not in the conda package.",
        "Look for the module in the build's log, then build again: `./pixiw run build-conda`.",
    )
    CONDA_DIFFERS = ("AU502", "A file in the conda package differs from the checkout's.", _CONDA)
    CONDA_GENERATED = ("AU503", "The conda package contains generated files.", _CLEAN)
    CONDA_SIZE = (
        "AU504",
        "The conda package is over its ceiling.",
        (
            "Strip the shared objects, remove what does not belong in it, or raise the ceiling in "
            "tools/audit/policy.toml."
        ),
    )
    CONDA_SUBPACKAGE = (
        "AU505",
        "A whole subpackage is not in the conda package.",
        "Let [tool.setuptools.packages.find] include it, and see that it has an `__init__.py`.",
    )
    CONDA_IDENTITY = (
        "AU506",
        "The conda package's name or version is not the checkout's.",
        "Set the version in recipe/recipe.yaml, then build again: `./pixiw run build-conda`.",
    )
    CONDA_EXTRA = (
        "AU507",
        "The conda package has a package file that the checkout has not.",
        _CONDA,
    )
    CONDA_ABI = (
        "AU511",
        "A shared object in the conda package is of another Python or platform than the package.",
        "Remove it from package data and from the source tree, then build again.",
    )
    CONDA_MACHINE = (
        "AU512",
        "A shared object in the conda package is built for another machine than the package.",
        "Build it with the recipe's compilers, which know the target: `compiler('c')` and Rust's.",
    )
    CONDA_TWICE = (
        "AU513",
        "The conda package has a module twice: which is imported depends on the interpreter.",
        _CONDA,
    )
    CONDA_UNDECLARED = (
        "AU514",
        "The conda package has a shared object that no source declares.",
        "Remove it from package data and from the source tree, then build again.",
    )
    CONDA_UNMARKED = (
        "AU515",
        "A shared object in the conda package has no fingerprint of its sources.",
        "Build it through setup.py, which links the fingerprint into every module.",
    )
    CONDA_MISLABELLED = (
        "AU516",
        "A shared object in the conda package has the fingerprint of another module.",
        _CONDA,
    )
    CONDA_STALE = (
        "AU517",
        "A shared object in the conda package is stale: it was built from other sources.",
        _CONDA,
    )
    CONDA_PACKED = (
        "AU518",
        "A stale shared object was packed into the conda package from the working tree.",
        _CLEAN,
    )
    CONDA_PURE = (
        "AU519",
        "The conda package has no shared object at all.",
        "See that the recipe's script runs setup.py, and that no extension is optional.",
    )
    CONDA_PATHS = (
        "AU531",
        "The conda package's paths.json does not describe its contents.",
        "Never edit a conda package by hand; build again: `./pixiw run build-conda`.",
    )
    CONDA_NO_BUILD_RECORD = ("AU541", "The conda package has no readable build record.", _CONDA)
    CONDA_BUILD_RECORD = (
        "AU542",
        "The conda package's build record does not describe its contents.",
        _CONDA,
    )
    CONDA_DIGEST = (
        "AU543",
        "The conda package was built from other sources than this checkout's.",
        _CONDA,
    )
    # The installation.
    INSTALLED_MISSING = (
        "AU601",
        "A module, or a file of it, is not in the installation.",
        _REINSTALL,
    )
    INSTALLED_DIFFERS = ("AU602", "An installed file differs from the checkout's.", _REINSTALL)
    INSTALLED_SUBPACKAGE = (
        "AU605",
        "A whole subpackage is not in the installation.",
        _REINSTALL,
    )
    INSTALLED_IDENTITY = ("AU606", "The installed version is not the checkout's.", _REINSTALL)
    INSTALLED_EXTRA = (
        "AU607",
        "The installation has a package file that the checkout has not.",
        "Uninstall the package, remove what is left of its folder, and install again.",
    )
    INSTALLED_ABI = (
        "AU611",
        "An installed shared object is of another Python, ABI or platform than the interpreter.",
        "Install the wheel that was built for this interpreter.",
    )
    INSTALLED_MACHINE = (
        "AU612",
        "An installed shared object is built for another machine than the interpreter.",
        "Install the wheel that was built for this platform.",
    )
    INSTALLED_TWICE = (
        "AU613",
        "A module is installed twice: which of the two is imported depends on the interpreter.",
        "Uninstall the package, remove what is left of its folder, and install again.",
    )
    INSTALLED_UNDECLARED = (
        "AU614",
        "The installation has a shared object that no source declares.",
        "Uninstall the package, remove what is left of its folder, and install again.",
    )
    INSTALLED_UNMARKED = (
        "AU615",
        "An installed shared object has no fingerprint of its sources.",
        _REINSTALL,
    )
    INSTALLED_MISLABELLED = (
        "AU616",
        "An installed shared object has the fingerprint of another module.",
        _REINSTALL,
    )
    INSTALLED_STALE = (
        "AU617",
        "An installed shared object is stale: it was built from other sources.",
        "Build and install again: `./pixiw run install`.",
    )
    INSTALLED_PACKED = (
        "AU618",
        "A stale shared object from the working tree is installed.",
        "Remove the leftover (`./pixiw run clean`), then build and install again.",
    )
    INSTALLED_PURE = (
        "AU619",
        "The installation has no shared object at all.",
        "Install a wheel that was built with its extensions: `./pixiw run install`.",
    )
    INSTALLED_RECORD = (
        "AU631",
        "Installed files are not those of the installation's RECORD.",
        _REINSTALL,
    )
    INSTALLED_NO_BUILD_RECORD = (
        "AU641",
        "The installation has no readable build record.",
        _REINSTALL,
    )
    INSTALLED_BUILD_RECORD = (
        "AU642",
        "The installed build record does not describe the installed modules.",
        _REINSTALL,
    )
    INSTALLED_DIGEST = (
        "AU643",
        "The installation was built from other sources than this checkout's.",
        "Build and install again: `./pixiw run install`.",
    )
    NOT_INSTALLED = ("AU651", "The package is not installed in this interpreter.", _REINSTALL)
    INSTALLED_AGAIN = (
        "AU652",
        "The package is installed more than once in this interpreter.",
        "Uninstall it until none is left, then install it once.",
    )
    EDITABLE_HOLLOW = (
        "AU653",
        "An editable install has no shared object for a module.",
        "Install the wheel instead of an editable install: `./pixiw run install`.",
    )

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        self.code = code
        self.sentence = sentence
        self.remedy = remedy

    @property
    def stage(self) -> Stage | None:
        """The stage at which a module is lost; None for a setting that loses modules later."""
        number = int(self.code.removeprefix("AU"))
        stage = _STAGES[number // 100]
        return None if stage is Stage.DECLARED and number >= _FIRST_HAZARD else stage


_BY_CODE = {cause.code: cause for cause in Cause}


def at(stage: Stage, number: int) -> Cause:
    """Return the cause that `number` (the last two digits) stands for at `stage`."""
    return _BY_CODE[f"AU{stage.digit}{number:02}"]


def matching(prefix: str) -> frozenset[Cause]:
    """Return the causes whose code starts with `prefix`."""
    return frozenset(cause for cause in Cause if cause.code.startswith(prefix))
