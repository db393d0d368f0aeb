"""Downloads files of known hash, going on where an earlier connection or run broke off."""

from __future__ import annotations

import hashlib
import re
import ssl
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from externals.failure import ExternalsError, writing
from pixiw.request import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from http.client import HTTPResponse
    from pathlib import Path

PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each new attempt; as many attempts in a row may bring nothing."""

_AT_ONCE = 4
_CHUNK_BYTES = 1 << 16
_TIMEOUT_SECONDS = 30.0
_RANGE = re.compile(r"bytes (\d+)-\d+/")
# The client's fault never passes by itself, but for "Request Timeout" and "Too Many Requests".
_PASSING = {408, 429}
_UNSATISFIABLE = 416


class Show(Protocol):
    """Shows progress, as `progress.Step` does."""

    def advance(self, item: str = "", by: int = 1) -> None:
        """Count finished files, and show what is going on."""


@dataclass(frozen=True)
class Archive:
    """A file to download.

    Parameters
    ----------
    url
        Where it is.
    algorithm
        Of its hash: `sha256` or `md5`.
    expected
        Its hash, in hex.
    path
        Where it is to lie; what is not complete lies beside it, as `.part`.
    """

    url: str
    algorithm: str
    expected: str
    path: Path

    @property
    def part(self) -> Path:
        """What has arrived so far."""
        return self.path.with_name(f"{self.path.name}.part")

    def digest(self, path: Path) -> str:
        """Return the hash of a file, in hex."""
        with path.open("rb") as file:
            return hashlib.file_digest(file, self.algorithm).hexdigest()


class _Stopped(Exception):  # noqa: N818 - it is no error of its own
    """Another download failed, so that this one is of no use now."""


class Fetcher:
    """Downloads several files at a time.

    Parameters
    ----------
    step
        Shows the progress.

    Notes
    -----
    What has arrived is kept when a connection breaks or the process is killed, and the rest is
    asked for with a `Range` header (RFC 9110, section 14.2). The file's hash decides whether the
    pieces belong together: where they do not, it is downloaded once more from its first byte.
    """

    def __init__(self, step: Show) -> None:
        self._step = step
        self._showing = threading.Lock()
        self._stop = threading.Event()

    def fetch(self, archives: Sequence[Archive]) -> None:
        """Download the files that are not there.

        Raises
        ------
        EnvironmentFailure
            A server cannot be reached, refuses, or sends another file than expected.
        ExternalsError
            The disk is full, or cannot be written to.
        """
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            running = [pool.submit(self._guarded, archive) for archive in archives]
            try:
                failures = [future.exception() for future in running]
            except BaseException:
                # The user interrupts: the pool waits for its threads.
                self._stop.set()
                raise
        for failure in failures:
            if failure is not None and not isinstance(failure, _Stopped):
                raise failure

    def _guarded(self, archive: Archive) -> None:
        try:
            if not self._stop.is_set():
                self._fetch(archive)
        except BaseException:
            self._stop.set()
            raise
        self._show(archive.path.name, by=1)

    def _show(self, item: str, by: int = 0) -> None:
        with self._showing:
            self._step.advance(item, by)

    def _fetch(self, archive: Archive) -> None:
        if archive.path.exists():
            if archive.digest(archive.path) == archive.expected:
                return
            archive.path.unlink()
        with writing(archive.path.parent):
            archive.path.parent.mkdir(parents=True, exist_ok=True)
        joined = self._complete(archive)
        found = archive.digest(archive.part)
        if found != archive.expected and joined:
            archive.part.unlink()
            self._complete(archive)
            found = archive.digest(archive.part)
        if found != archive.expected:
            archive.part.unlink()
            algorithm = {"sha256": "SHA-256", "md5": "MD5"}[archive.algorithm]
            message = (
                f"{archive.url} is another file than expected, its {algorithm} hash is {found} and "
                f"not {archive.expected}; do not use it, and find out who changed it"
            )
            raise EnvironmentFailure(message)
        with writing(archive.path):
            archive.part.replace(archive.path)

    def _complete(self, archive: Archive) -> bool:
        """Download until the server says that no byte is missing.

        Returns
        -------
        bool
            Whether the bytes come from several answers of the server.
        """
        longest = _size(archive.part)
        joined = longest > 0
        fruitless = 0
        while True:
            try:
                self._receive(archive)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code < 500 and error.code not in _PASSING:
                        raise EnvironmentFailure(_refusal(archive, error)) from error
                    fault = f"HTTP status {error.code}"
            except (OSError, HTTPException) as error:
                reason = getattr(error, "reason", error)
                fault = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
                if isinstance(reason, ssl.SSLCertVerificationError):
                    fruitless = len(PAUSES)
            else:
                return joined
            size = _size(archive.part)
            joined = joined or size > 0
            if size > longest:
                longest, fruitless = size, 0
            if fruitless == len(PAUSES):
                raise EnvironmentFailure(_unreachable(archive, fault))
            if self._stop.wait(PAUSES[fruitless]):
                raise _Stopped
            fruitless += 1

    def _receive(self, archive: Archive) -> None:
        """Add to the part what one answer of the server brings.

        Raises
        ------
        OSError, HTTPException
            The answer is none, or broke off.
        """
        held = _size(archive.part)
        headers = {"User-Agent": "pixiw"} | ({"Range": f"bytes={held}-"} if held else {})
        request = urllib.request.Request(archive.url, headers=headers)  # noqa: S310 - http(s)
        try:
            answer = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
        except urllib.error.HTTPError as error:
            if error.code == _UNSATISFIABLE and held:
                # There is no byte after those that are held: the hash decides.
                error.close()
                return
            raise
        with answer:
            if answer.status == 206:
                start = _RANGE.match(answer.headers.get("Content-Range", ""))
                if start is None or int(start[1]) != held:
                    archive.part.unlink(missing_ok=True)
                    message = "the server answers with another range than asked for"
                    raise ConnectionError(message)
            else:
                held = 0
            self._write(archive, answer, held)

    def _write(self, archive: Archive, answer: HTTPResponse, held: int) -> None:
        promised = answer.headers.get("Content-Length")
        size = held
        try:
            with writing(archive.part):
                file = archive.part.open("ab" if held else "wb")
            with file:
                while chunk := answer.read1(_CHUNK_BYTES):
                    if self._stop.is_set():
                        raise _Stopped
                    with writing(archive.part):
                        file.write(chunk)
                        file.flush()
                    size += len(chunk)
                    self._show(f"{archive.path.name} {size / 1e6:.1f} MB")
        except ExternalsError:
            archive.part.unlink(missing_ok=True)
            raise
        if promised is not None and size - held != int(promised):
            message = "the connection broke off"
            raise ConnectionError(message)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _refusal(archive: Archive, error: urllib.error.HTTPError) -> str:
    remedy = (
        "the channel no longer has this package, so take another (`pixi lock`)"
        if error.code in {404, 410}
        else "check the rights that the channel asks for, and the proxy"
    )
    return f"the server answers {error.code} ({error.reason}) for {archive.url}; {remedy}"


def _unreachable(archive: Archive, fault: str) -> str:
    kept = _size(archive.part)
    later = f" (it goes on after the {kept} bytes that arrived)" if kept else ""
    return (
        f"{archive.path.name} cannot be downloaded from {urlsplit(archive.url).netloc} ({fault}); "
        f"check the network and the proxy and run the same command again{later}, or use "
        "--channel externals"
    )
