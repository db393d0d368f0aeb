"""Reads ``pixi.toml`` into the model, and refuses by name what only pixi can do."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from pixiw.errors import ManifestError
from pixiw.model import DEFAULT, EnvironmentTable, Feature, Layer, Manifest, Workspace
from pixiw.platforms import FAMILIES, SUBDIRS, Platform
from pixiw.suggestions import did_you_mean, listed
from pixiw.tables import Document, Table
from pixiw.tasks import read_tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MANIFEST = "pixi.toml"

_USE_PIXI = "use pixi itself"
_BUILD = f"it belongs to pixi's package builds; {_USE_PIXI}"

_LAYER_BEYOND = {
    "build-dependencies": _BUILD,
    "host-dependencies": _BUILD,
    "constraints": _USE_PIXI,
    "dev": _BUILD,
    "pypi-dependencies": f"name the conda package in [dependencies], or {_USE_PIXI}",
    "pypi-options": _USE_PIXI,
}
_REQUIREMENTS = {
    "system-requirements": 'pixi deprecated it; use rich platforms like { platform = "linux-64", '
    'glibc = "2.17" }'
}
_SOLVE_BEYOND = {"solve-strategy": _USE_PIXI}
_ROOT_BEYOND = {
    **_LAYER_BEYOND,
    **_REQUIREMENTS,
    "exclude-newer": _USE_PIXI,
    "package": _BUILD,
    "project": "pixi deprecated it; call it [workspace]",
    "pypi-exclude-newer": _USE_PIXI,
}
_WORKSPACE_BEYOND = {
    **_SOLVE_BEYOND,
    "build-variants": _BUILD,
    "build-variants-files": _BUILD,
    "conda-pypi-map": _USE_PIXI,
    "dependencies": _BUILD,
    "exclude-newer": _USE_PIXI,
    "preview": _BUILD,
    "pypi-options": _USE_PIXI,
    "s3-options": _USE_PIXI,
    "target": _BUILD,
}
_METADATA = ("documentation", "homepage", "license", "license-file", "readme", "repository")
_SPEC_BEYOND = dict.fromkeys(
    (
        "branch",
        "build-number",
        "channel",
        "extras",
        "file-name",
        "flags",
        "git",
        "lfs",
        "license",
        "license-family",
        "md5",
        "package",
        "path",
        "rev",
        "sha256",
        "subdir",
        "subdirectory",
        "tag",
        "track-features",
        "url",
        "when",
        "workspace",
    ),
    f'only "version" and "build" are; {_USE_PIXI}',
)


def find_manifest(start: Path, *, fallback: Path | None = None) -> Path:
    """Return the manifest of the nearest folder upwards of ``start``.

    Parameters
    ----------
    start : Path
        Where the user stands.
    fallback : Path, optional
        A folder whose manifest serves when there is none upwards.

    Raises
    ------
    ManifestError
        When there is none.
    """
    folders = [start, *start.parents]
    if fallback is not None:
        folders.append(fallback)
    for folder in folders:
        candidate = folder / MANIFEST
        # A manifest that cannot be read is the user's, so it is reported, not passed over.
        if os.path.lexists(candidate):
            return candidate
    message = f"no {MANIFEST} in {start} or any folder above it; run pixiw inside a checkout"
    raise ManifestError(message)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ManifestError
        A sentence with file and line for what is no TOML, mistyped, inconsistent, or beyond
        pixiw.
    """
    root = Document.read(path).root()
    beyond = dict(_ROOT_BEYOND)
    workspace_table = root.table("workspace")
    if workspace_table is None:
        root.close(beyond)
        message = f"{path} has no [workspace] table"
        raise ManifestError(message)
    workspace = _workspace(workspace_table)
    selectors = {*FAMILIES, *SUBDIRS, *(platform.name for platform in workspace.platforms)}
    features = {DEFAULT: _feature(root, DEFAULT, selectors)}
    feature_tables = root.table("feature")
    if feature_tables is not None:
        for name in feature_tables.values:
            table = feature_tables.inner(name, feature_tables.get(name), "a table")
            features[name] = _feature(table, name, selectors)
            _platforms_and_channels_closed(table)
    environments = _environments(root, features, selectors)
    root.get("tool")
    root.close(beyond)
    return Manifest(path, workspace, features, environments)


def _platforms_and_channels_closed(table: Table) -> None:
    _only(table, "channel-priority", "strict")
    table.close({**_LAYER_BEYOND, **_REQUIREMENTS, **_SOLVE_BEYOND})


def _only(table: Table, key: str, value: str) -> None:
    """Refuse every value of a setting but the one that pixiw follows."""
    found = table.string(key)
    if found not in {None, value}:
        raise table.error(
            key,
            f'{key} = "{found}" in {table.title} is not supported by pixiw, only "{value}" is; '
            f"{_USE_PIXI}",
        )


def _workspace(table: Table) -> Workspace:
    for key in _METADATA:
        table.string(key)
    table.strings("authors")
    _only(table, "channel-priority", "strict")
    channels = _channels(table)
    if channels is None:
        raise table.error("channels", '[workspace] has no "channels"')
    workspace = Workspace(
        name=table.string("name") or table.document.path.parent.name,
        channels=channels,
        platforms=tuple(_platform(table, item) for item in table.items("platforms")),
        requires_pixi=table.string("requires-pixi"),
        version=table.string("version"),
        description=table.string("description"),
    )
    table.close(_WORKSPACE_BEYOND)
    names = [platform.name for platform in workspace.platforms]
    for name in names:
        if names.count(name) > 1:
            raise table.error("platforms", f'platform "{name}" is listed twice')
    return workspace


def _platform(table: Table, item: object) -> Platform:
    if isinstance(item, str):
        _check_subdir(table, item)
        return Platform(item, item)
    inner = table.inner("platforms", item, "a list of platform names and tables")
    name = inner.string("name")
    subdir = inner.string("platform") or name
    if subdir is None:
        raise table.error("platforms", 'a platform table needs "platform" or "name"')
    _check_subdir(table, subdir)
    promises = {
        key: value
        for key in ("glibc", "linux", "windows", "archspec", "cuda")
        if (value := inner.string(key)) is not None
    }
    macos = inner.string("macos") or inner.string("osx")
    if macos is not None:
        promises["macos"] = macos
    inner.close()
    return Platform.of(name or subdir, subdir, promises)


def _check_subdir(table: Table, subdir: str) -> None:
    if subdir not in SUBDIRS:
        raise table.error(
            "platforms", f'unknown platform "{subdir}"{did_you_mean(subdir, SUBDIRS)}'
        )


def _channels(table: Table) -> tuple[str, ...] | None:
    if "channels" not in table.values:
        table.get("channels")
        return None
    channels: list[str] = []
    for item in table.items("channels"):
        if isinstance(item, str):
            channels.append(item)
            continue
        inner = table.inner("channels", item, "a list of channel names")
        channels.append(inner.string("channel") or "")
        inner.close(
            {"priority": f"list the channels in order, or {_USE_PIXI}", "exclude-newer": _USE_PIXI}
        )
    if not all(channels):
        raise table.error("channels", f"a channel in {table.title} has no name")
    return tuple(channels)


def _feature(table: Table, name: str, selectors: Iterable[str]) -> Feature:
    """Read the keys that the top level, a feature and an environment share."""
    root = not table.path
    targets: dict[str, Layer] = {}
    target_tables = table.table("target")
    if target_tables is not None:
        for selector in target_tables.values:
            if selector not in set(selectors):
                near = (
                    did_you_mean(selector, selectors)
                    or "; use a platform, or unix, linux, osx, win"
                )
                raise target_tables.error(
                    selector, f'unknown target "{selector}" in {target_tables.title}{near}'
                )
            target = target_tables.inner(selector, target_tables.get(selector), "a table")
            targets[selector] = _layer(target)
            target.close(_LAYER_BEYOND)
    return Feature(
        name,
        base=_layer(table),
        targets=targets,
        channels=None if root else _channels(table),
        platforms=None if root or table.get("platforms") is None else table.strings("platforms"),
    )


def _layer(table: Table) -> Layer:
    activation = table.table("activation")
    env: Mapping[str, str] = {}
    scripts: tuple[str, ...] = ()
    if activation is not None:
        env, scripts = activation.string_map("env"), activation.strings("scripts")
        activation.close()
    return Layer(_dependencies(table), read_tasks(table), env, scripts)


def _dependencies(parent: Table) -> dict[str, str]:
    table = parent.table("dependencies")
    if table is None:
        return {}
    return {name: _spec(table, name) for name in table.values}


def _spec(table: Table, name: str) -> str:
    """Return a dependency as a MatchSpec: ``name``, version and build with spaces between."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise table.error(name, f'"{name}" in {table.title} is no conda package name')
    value = table.get(name)
    if isinstance(value, str):
        version, build = value.strip(), None
        if not version:
            raise table.error(name, f'the version of "{name}" in {table.title} is empty; use "*"')
    else:
        inner = table.inner(name, value, "a version or a table")
        version, build = inner.string("version") or "*", inner.string("build")
        inner.close(_SPEC_BEYOND)
    parts = [name.lower(), version if build or version != "*" else "", build or ""]
    return " ".join(part for part in parts if part)


def _environments(
    root: Table, features: Mapping[str, Feature], selectors: Iterable[str]
) -> dict[str, EnvironmentTable]:
    environments: dict[str, EnvironmentTable] = {}
    table = root.table("environments")
    if table is not None:
        for name in table.values:
            if not re.fullmatch(r"[a-z\d-]+", name):
                raise table.error(
                    name, f'environment name "{name}" must be small letters, digits and dashes'
                )
            environments[name] = _environment(table, name, selectors)
            for feature in environments[name].features:
                if feature not in features:
                    raise table.error(
                        name,
                        f'environment "{name}" names the unknown feature "{feature}"'
                        f"{did_you_mean(feature, features)}",
                    )
        _check_solve_groups(table, environments)
    environments.setdefault(DEFAULT, EnvironmentTable(DEFAULT))
    return environments


def _environment(table: Table, name: str, selectors: Iterable[str]) -> EnvironmentTable:
    value = table.get(name)
    if isinstance(value, list):
        return EnvironmentTable(name, table.strings(name))
    inner = table.inner(name, value, "a list of features or a table")
    environment = EnvironmentTable(
        name,
        features=inner.strings("features"),
        no_default_feature=inner.boolean("no-default-feature"),
        solve_group=inner.string("solve-group"),
        own=_feature(inner, name, selectors),
    )
    _platforms_and_channels_closed(inner)
    return environment


def _check_solve_groups(table: Table, environments: Mapping[str, EnvironmentTable]) -> None:
    """Refuse groups that really couple environments: each is solved by itself here."""
    groups: dict[str, list[str]] = {}
    for name, environment in environments.items():
        if environment.solve_group is not None:
            groups.setdefault(environment.solve_group, []).append(name)
    for group, names in groups.items():
        if len(names) > 1:
            raise table.error(
                names[1],
                f'solve-group "{group}" of the environments {listed(names)} is not supported by '
                f"pixiw, which solves each environment by itself; {_USE_PIXI}",
            )
