"""Bundles: named sets of data, ingested into files once and loaded from them after that."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from rustybt.errors import RustybtError
from rustybt.utils.paths import data_path, hidden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from exchange_calendars import ExchangeCalendar

    from rustybt.assets import AssetFinder
    from rustybt.data.adjustments import SQLiteAdjustmentReader
    from rustybt.data.bar_reader import MinuteBarReader, SessionBarReader

DAILY = "daily_equities.arrow"
MINUTE = "minute_equities.arrow"
ADJUSTMENTS = "adjustments.sqlite"
MANIFEST = "bundle.json"
STAGING = ".ingest-"
STALE_AFTER = 24 * 3600.0


class UnknownBundle(RustybtError, LookupError):  # noqa: N818 - Zipline's name
    """No bundle of a name was registered."""

    msg = "No bundle registered with the name {name!r}; registered are: {known}"

    def __init__(self, name: str) -> None:
        super().__init__(name=name, known=", ".join(sorted(_bundles)) or "none")
        self.args = (name,)  # what it is made of again when unpickled
        self.name = name


class BadClean(RustybtError, ValueError):  # noqa: N818 - Zipline's name
    """`clean` was called with parameters that contradict each other, or with none."""

    msg = (
        "Cannot pass a combination of `before` and `after` with `keep_last`, which must not be "
        "negative; one must be passed. Got: before={before!r}, after={after!r}, "
        "keep_last={keep_last!r}"
    )

    def __init__(
        self,
        before: pd.Timestamp | None,
        after: pd.Timestamp | None,
        keep_last: int | None,
    ) -> None:
        super().__init__(before=before, after=after, keep_last=keep_last)
        self.args = (before, after, keep_last)  # what it is made of again when unpickled


class BundleError(RustybtError, ValueError):
    """The data of a bundle is not there, or cannot be used."""


class RegisteredBundle(NamedTuple):
    """What `register` was told."""

    calendar_name: str
    start_session: pd.Timestamp | None
    end_session: pd.Timestamp | None
    minutes_per_day: int
    ingest: Callable[..., Any]
    create_writers: bool
    load: Callable[[], BundleData] | None = None
    """Makes the data without an ingest, of bundles that need none."""


class BundleData(NamedTuple):
    """The readers of a loaded bundle; to be closed, or used in a ``with`` block."""

    asset_finder: AssetFinder
    equity_minute_bar_reader: MinuteBarReader | None
    equity_daily_bar_reader: SessionBarReader
    adjustment_reader: SQLiteAdjustmentReader

    def close(self) -> None:
        """Close the databases."""
        self.asset_finder.close()
        self.asset_finder.engine.dispose()  # the finder leaves an engine open that it was given
        self.adjustment_reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


_bundles: dict[str, RegisteredBundle] = {}
bundles: Mapping[str, RegisteredBundle] = MappingProxyType(_bundles)


def register(
    name: str,
    f: Callable[..., Any] | None = None,
    calendar_name: str = "NYSE",
    start_session: pd.Timestamp | None = None,
    end_session: pd.Timestamp | None = None,
    minutes_per_day: int = 390,
    create_writers: bool = True,
) -> Callable[..., Any]:
    """Register the function that ingests a bundle; without `f`, as a decorator.

    Parameters
    ----------
    name : str
    f : callable
        Called with `environ`, `asset_db_writer`, `minute_bar_writer`, `daily_bar_writer`,
        `adjustment_writer`, `calendar`, `start_session`, `end_session`, `cache`,
        `show_progress` and `output_dir`.
    calendar_name : str, default "NYSE"
    start_session, end_session : Timestamp, optional
        The range of the bars; by default that of the calendar.
    minutes_per_day : int, default 390
        Taken as Zipline takes it; sessions have the length that the calendar gives them.
    create_writers : bool, default True
        Whether `f` is given writers; otherwise None, and `f` writes to `output_dir`.

    Returns
    -------
    callable
        `f` itself.
    """

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        if name in _bundles:
            warnings.warn(f"Overwriting bundle with name {name!r}", stacklevel=3)
        _bundles[name] = RegisteredBundle(
            calendar_name, start_session, end_session, minutes_per_day, function, create_writers
        )
        return function

    return add if f is None else add(f)


def register_embedded(name: str, load: Callable[[], BundleData], calendar_name: str) -> None:
    """Register a bundle that comes with its data and needs no ingest."""

    def nothing_to_do(*_: object, **__: object) -> None:
        return None

    _bundles[name] = RegisteredBundle(
        calendar_name, None, None, 390, nothing_to_do, create_writers=False, load=load
    )


def unregister(name: str) -> None:
    """Forget a bundle; its data stays.

    Raises
    ------
    UnknownBundle
        If there is none of this name.
    """
    if _bundles.pop(name, None) is None:
        raise UnknownBundle(name)


def to_bundle_ingest_dirname(ts: pd.Timestamp) -> str:
    """Return the name of the folder of an ingestion from its time."""
    return ts.isoformat().replace(":", ";")


def from_bundle_ingest_dirname(cs: str) -> pd.Timestamp:
    """Return the time of an ingestion from the name of its folder."""
    return pd.Timestamp(cs.replace(";", ":"))


def asset_db_path(
    bundle_name: str,
    timestr: str,
    environ: Mapping[str, str] | None = None,
    db_version: int | None = None,
) -> str:
    """Return the path of an ingestion's asset database."""
    return data_path([bundle_name, timestr, _asset_db_name(db_version)], environ)


def _asset_db_name(version: int | None = None) -> str:
    from rustybt.assets import ASSET_DB_VERSION

    return f"assets-{ASSET_DB_VERSION if version is None else version}.sqlite"


def ingestions_for_bundle(
    bundle: str, environ: Mapping[str, str] | None = None
) -> list[pd.Timestamp]:
    """Return the times of a bundle's complete ingestions, the latest first."""
    names = _ingestions(bundle, environ)
    return sorted((from_bundle_ingest_dirname(name) for name in names), reverse=True)


def _ingestions(name: str, environ: Mapping[str, str] | None) -> list[str]:
    """Return the folder names of a bundle's complete ingestions, the earliest first."""
    folder = Path(data_path([name], environ))
    if not folder.is_dir():
        return []
    complete = [
        path.name
        for path in folder.iterdir()
        if not hidden(path.name) and (path / MANIFEST).is_file()
    ]
    return sorted(complete, key=from_bundle_ingest_dirname)


def ingest(
    name: str,
    environ: Mapping[str, str] = os.environ,
    timestamp: pd.Timestamp | None = None,
    assets_versions: Iterable[int] = (),
    show_progress: bool = False,
    *,
    lenient: bool = False,
) -> None:
    """Ingest a bundle: all of it, or nothing that `load` would find.

    Parameters
    ----------
    name : str
    environ : mapping, optional
        The environment variables; those of the process by default.
    timestamp : Timestamp, optional
        The time of the ingestion, now by default.
    assets_versions : iterable of int, optional
        Earlier versions in which the asset database is kept, too.
    show_progress : bool, default False
    lenient : bool, default False
        Whether bars that break a rule are reported and dropped instead of refused.

    Raises
    ------
    UnknownBundle
        If there is none of this name.
    InvalidBarsError
        If a bar is refused.
    FileExistsError
        If there is an ingestion of this time already.
    """
    bundle = _registered(name)
    if bundle.load is not None:
        return  # it comes with its data
    timestamp = pd.Timestamp.now(tz="UTC") if timestamp is None else pd.Timestamp(timestamp)
    if timestamp.tzinfo is not None:
        timestamp = timestamp.tz_convert("UTC").tz_localize(None)
    timestr = to_bundle_ingest_dirname(timestamp)
    home = Path(data_path([name], environ))
    target = home / timestr
    if target.exists():
        raise FileExistsError(f"the bundle {name!r} has an ingestion of {timestamp} already")
    try:
        home.mkdir(parents=True, exist_ok=True)
        _remove_stale(home)
        staging = Path(tempfile.mkdtemp(prefix=STAGING, dir=home))
    except OSError as error:
        raise type(error)(
            error.errno, f"the bundle {name!r} cannot be ingested into {home}: {error.strerror}"
        ) from None
    try:
        _write(name, bundle, environ, staging, tuple(assets_versions), show_progress, lenient)
        sizes = {
            path.relative_to(staging).as_posix(): path.stat().st_size
            for path in sorted(staging.rglob("*"))
            if path.is_file()
        }
        manifest = {"version": 1, "bundle": name, "files": sizes}
        (staging / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
        staging.chmod(0o777 & ~_umask())
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(
    name: str,
    bundle: RegisteredBundle,
    environ: Mapping[str, str],
    folder: Path,
    assets_versions: tuple[int, ...],
    show_progress: bool,
    lenient: bool,
) -> None:
    from rustybt.utils.cache import dataframe_cache

    calendar = _calendar(name, bundle)
    start, end = bundle.start_session, bundle.end_session
    if start is None or start < calendar.first_session:
        start = calendar.first_session
    if end is None or end > calendar.last_session:
        end = calendar.last_session
    writers: tuple[Any, ...] = (None, None, None, None)
    if assets_versions and not bundle.create_writers:
        raise BundleError(
            msg=f"the bundle {name!r} was registered with create_writers=False: rustybt does not "
            "write its asset database and cannot keep earlier versions of it"
        )
    with ExitStack() as stack:
        cache = stack.enter_context(
            dataframe_cache(data_path([name, ".cache"], environ), clean_on_failure=False)
        )
        if bundle.create_writers:
            writers = _writers(stack, folder, calendar, start, end, lenient)
        bundle.ingest(environ, *writers, calendar, start, end, cache, show_progress, str(folder))
    if bundle.create_writers:
        _keep_versions(folder, assets_versions)


def _calendar(name: str, bundle: RegisteredBundle) -> ExchangeCalendar:
    from exchange_calendars.errors import InvalidCalendarName

    from rustybt.utils.calendar_utils import get_calendar

    try:
        return get_calendar(bundle.calendar_name)
    except InvalidCalendarName:
        raise BundleError(
            msg=f"the bundle {name!r} was registered with the calendar {bundle.calendar_name!r}, "
            "which does not exist: rustybt.utils.calendar_utils.get_calendar_names lists them"
        ) from None


def _writers(
    stack: ExitStack,
    folder: Path,
    calendar: ExchangeCalendar,
    start: pd.Timestamp,
    end: pd.Timestamp,
    lenient: bool,
) -> tuple[Any, ...]:
    from rustybt.assets import AssetDBWriter
    from rustybt.data.adjustments import SQLiteAdjustmentWriter
    from rustybt.data.bar_writers import DailyBarWriter, MinuteBarWriter
    from rustybt.data.bundles.written_bars import WrittenDailyBars

    daily = DailyBarWriter(folder / DAILY, calendar, start, end, lenient=lenient)
    daily.write(())
    minute = stack.enter_context(
        MinuteBarWriter(folder / MINUTE, calendar, start, end, lenient=lenient)
    )
    adjustments = stack.enter_context(
        SQLiteAdjustmentWriter(folder / ADJUSTMENTS, WrittenDailyBars(folder / DAILY))
    )
    adjustments.write()
    assets = AssetDBWriter(str(folder / _asset_db_name()))
    assets.init_db()
    return assets, minute, daily, adjustments


def _keep_versions(folder: Path, versions: tuple[int, ...]) -> None:
    if not versions:
        return
    from rustybt.assets.asset_db_migrations import downgrade

    for version in sorted(set(versions), reverse=True):
        kept = folder / _asset_db_name(version)
        shutil.copyfile(folder / _asset_db_name(), kept)
        downgrade(str(kept), version)


def load(
    name: str, environ: Mapping[str, str] = os.environ, timestamp: pd.Timestamp | None = None
) -> BundleData:
    """Load the latest ingestion of a bundle.

    Parameters
    ----------
    name : str
    environ : mapping, optional
        The environment variables; those of the process by default.
    timestamp : Timestamp, optional
        Load the latest ingestion that is not after this time.

    Raises
    ------
    UnknownBundle
        If there is none of this name.
    BundleError
        If it has not been ingested, or not until `timestamp`, or its files are damaged.
    """
    bundle = _registered(name)
    if bundle.load is not None:
        return bundle.load()
    timestr = most_recent_data(name, timestamp, environ)
    folder = Path(data_path([name, timestr], environ))
    _check_sizes(name, folder)

    from sqlalchemy.exc import DatabaseError

    from rustybt.assets import AssetFinder
    from rustybt.data.adjustments import SQLiteAdjustmentReader
    from rustybt.data.column_bars import ColumnMinuteBarReader, ColumnSessionBarReader

    minute = ColumnMinuteBarReader(folder / MINUTE)
    daily = ColumnSessionBarReader(folder / DAILY)
    adjustments = SQLiteAdjustmentReader(folder / ADJUSTMENTS)
    path = folder / _asset_db_name()
    try:
        finder = AssetFinder(str(path))
    except DatabaseError as error:
        adjustments.close()
        raise BundleError(
            msg=f"the bundle {name!r} is damaged, {path}: {error.orig}: run `rustybt ingest -b "
            f"{name}`"
        ) from None
    except BaseException:
        adjustments.close()
        raise
    return BundleData(finder, minute, daily, adjustments)


def most_recent_data(
    bundle_name: str,
    timestamp: pd.Timestamp | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    """Return the folder name of the latest ingestion that is not after a time, now by default."""
    _registered(bundle_name)
    names = _ingestions(bundle_name, environ)
    if not names:
        raise BundleError(
            msg=f"the bundle {bundle_name!r} has not been ingested: run `rustybt ingest -b "
            f"{bundle_name}`"
        )
    if timestamp is None:
        return names[-1]
    cutoff = pd.Timestamp(timestamp)
    if cutoff.tzinfo is not None:
        cutoff = cutoff.tz_convert("UTC").tz_localize(None)
    earlier = [name for name in names if from_bundle_ingest_dirname(name) <= cutoff]
    if not earlier:
        first = from_bundle_ingest_dirname(names[0])
        raise BundleError(
            msg=f"no data for bundle {bundle_name!r} on or before {timestamp}: its first ingestion "
            f"is of {first}"
        )
    return earlier[-1]


def clean(
    name: str,
    before: pd.Timestamp | None = None,
    after: pd.Timestamp | None = None,
    keep_last: int | None = None,
    environ: Mapping[str, str] = os.environ,
) -> set[str]:
    """Remove ingestions of a bundle.

    Parameters
    ----------
    name : str
    before, after : Timestamp, optional
        Remove those before, or after, this time.
    keep_last : int, optional
        Remove all but so many of the latest.
    environ : mapping, optional
        The environment variables; those of the process by default.

    Returns
    -------
    set of str
        The paths that were removed.

    Raises
    ------
    UnknownBundle
        If there is no data under this name.
    BadClean
        If `keep_last` is passed with `before` or `after`, is negative, or nothing is passed.
    """
    home = Path(data_path([name], environ))
    if not home.is_dir():
        raise UnknownBundle(name)
    dated = before is not None or after is not None
    if dated == (keep_last is not None) or (keep_last is not None and keep_last < 0):
        raise BadClean(before, after, keep_last)
    before, after = (_naive(time) for time in (before, after))
    runs = _ingestions(name, environ)
    cleaned = set()
    for age, run in enumerate(reversed(runs)):
        time_ = from_bundle_ingest_dirname(run)
        if keep_last is not None:
            wanted = age >= keep_last
        else:
            wanted = (before is not None and time_ < before) or (
                after is not None and time_ > after
            )
        if wanted:
            # Without its manifest nobody loads it, even if the rest cannot be removed.
            (home / run / MANIFEST).unlink()
            shutil.rmtree(home / run)
            cleaned.add(str(home / run))
    return cleaned


def _naive(time_: pd.Timestamp | None) -> pd.Timestamp | None:
    if time_ is None:
        return None
    stamp = pd.Timestamp(time_)
    return stamp if stamp.tzinfo is None else stamp.tz_convert("UTC").tz_localize(None)


def _registered(name: str) -> RegisteredBundle:
    try:
        return _bundles[name]
    except KeyError:
        raise UnknownBundle(name) from None


def _check_sizes(name: str, folder: Path) -> None:
    """Refuse an ingestion with files that are gone or have another size than was written."""
    files = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    for file, size in files.items():
        path = folder / file
        found = path.stat().st_size if path.is_file() else None
        if found != size:
            state = "is missing" if found is None else f"has {found} bytes instead of {size}"
            raise BundleError(
                msg=f"the bundle {name!r} is damaged, {path} {state}: run `rustybt ingest "
                f"-b {name}`"
            )


def _remove_stale(home: Path) -> None:
    """Remove what ingests left that were killed a day ago or earlier."""
    for path in home.glob(f"{STAGING}*"):
        if time.time() - path.stat().st_mtime > STALE_AFTER:
            shutil.rmtree(path, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
