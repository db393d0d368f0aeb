"""Whether a lock is for the platforms, environments and channels of the manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lock import channel
from lock.listing import CONDA
from lock.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lock.listing import Entry
    from lock.platforms import LockedPlatform
    from lock.reader import Locked
    from lock.wanted import Wishes


def _shown(platform: LockedPlatform) -> str:
    promised = ", ".join(str(package) for package in platform.virtual_packages)
    return f"{platform.subdir} with {promised}" if promised else platform.subdir


def platform_problems(wishes: Wishes, locked: Locked) -> Iterator[Problem]:
    """Find platforms that only one of manifest and lock has."""
    for platform in wishes.platforms:
        if not any(platform.same_machine(other) for other in locked.platforms.values()):
            yield Problem(f"pixi.toml has the platform {_shown(platform)}, pixi.lock has not")
    for name, platform in locked.platforms.items():
        if not any(platform.same_machine(other) for other in wishes.platforms):
            yield Problem(
                f"pixi.lock has the platform {_shown(platform)} ({name}), pixi.toml has not"
            )


def environment_problems(wishes: Wishes, locked: Locked) -> Iterator[Problem]:
    """Find environments that only one of manifest and lock has, on any platform or on one."""
    for name in wishes.channels:
        if name not in locked.channels:
            yield Problem("the environment is in pixi.toml and not in pixi.lock", environment=name)
    for name in locked.channels:
        if name not in wishes.channels:
            yield Problem("the environment is in pixi.lock and not in pixi.toml", environment=name)
    asked = {
        (wanted.environment, wanted.platform.subdir) for wanted in wishes.solves if wanted.specs
    }
    held = {
        (environment, locked.platforms[platform].subdir)
        for environment, platform in locked.listing.listed
        if platform in locked.platforms
    }
    for environment, subdir in sorted(asked - held):
        yield Problem("the lock has no records here", environment=environment, subdir=subdir)
    for environment, subdir in sorted(held - asked):
        reason = "the lock has records here, and pixi.toml keeps the environment off the platform"
        yield Problem(reason, environment=environment, subdir=subdir)


def channel_problems(wishes: Wishes, locked: Locked) -> Iterator[Problem]:
    """Find environments whose channels are others than the manifest's, or than conda-forge."""
    for name, channels in wishes.channels.items():
        if channels != (channel.NAME,):
            reason = f"pixi.toml names the channels {', '.join(channels)}, not {channel.NAME} alone"
            yield Problem(reason, environment=name)
        elif locked.channels[name] != (channel.URL,):
            named = ", ".join(locked.channels[name]) or "none"
            reason = f"the lock names the channels {named}, and pixi.toml {channel.NAME} alone"
            yield Problem(reason, environment=name)


def listing_problems(locked: Locked) -> Iterator[Problem]:
    """Find packages that are named twice, described and not listed, or of another kind."""
    for entries, environment, platform in _lists(locked):
        seen = set()
        for entry in entries:
            reason = None
            if entry.kind != CONDA:
                reason = f"this is a {entry.kind} package, and the lock may have conda ones alone"
            elif entry.url in seen:
                reason = "the record is listed twice"
            if reason:
                yield Problem(reason, entry.file_name, environment, platform)
            seen.add(entry.url)
    listed = {entry.url for entries, _, _ in _lists(locked) for entry in entries}
    described = set()
    for entry in locked.listing.described:
        if entry.url in described:
            yield Problem("the record is described twice", entry.file_name)
        if entry.url not in listed:
            yield Problem("the record is described, but no environment lists it", entry.file_name)
        described.add(entry.url)


def _lists(locked: Locked) -> Iterator[tuple[list[Entry], str, str]]:
    for (environment, platform), entries in locked.listing.listed.items():
        yield entries, environment, locked.platforms[platform].subdir
