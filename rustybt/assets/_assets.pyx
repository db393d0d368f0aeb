"""Assets: immutable values that are compared, ordered and hashed by their sid."""

from cpython.number cimport PyIndex_Check
from cpython.object cimport Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, PyObject_RichCompare
from libc.stdint cimport int64_t

from datetime import datetime
from numbers import Real
from operator import index

import numpy as np

from rustybt.assets.exchange_info import ExchangeInfo


cdef class Asset:
    """Something that can be owned and traded.

    An asset equals, hashes and sorts as its sid, a plain int: ``{asset: 1}[asset.sid]`` finds it.
    It cannot be changed.

    Parameters
    ----------
    sid : int
        Identifier, unique in a database of assets; a signed 64-bit integer.
    exchange_info : ExchangeInfo
        Where the asset is listed.
    symbol : str or None, default ""
        Ticker symbol at the asset's end date.
    asset_name : str or None, default ""
        Full name.
    start_date, end_date : pandas.Timestamp, NaT or None
        First and last session on which there is data.
    first_traded : pandas.Timestamp, NaT or None
        Session of the first trade.
    auto_close_date : pandas.Timestamp, NaT or None
        Session on which positions that are still open are closed.
    tick_size : float or None, default 0.01
        Smallest price step, in the currency of the price.
    multiplier : float, default 1.0
        Currency units that a price of 1 stands for; the attribute is `price_multiplier`.

    Raises
    ------
    TypeError
        If a parameter is of another type.
    OverflowError
        If `sid` does not fit 64 bits.
    """

    _kwargnames = frozenset((
        "sid",
        "exchange_info",
        "symbol",
        "asset_name",
        "start_date",
        "end_date",
        "first_traded",
        "auto_close_date",
        "tick_size",
        "multiplier",
    ))

    def __init__(
        self,
        sid,
        exchange_info,
        symbol="",
        asset_name="",
        start_date=None,
        end_date=None,
        first_traded=None,
        auto_close_date=None,
        tick_size=0.01,
        multiplier=1.0,
    ):
        if self.exchange_info is not None:
            raise TypeError(f"{self!r} is immutable: it cannot be initialised a second time")
        self.sid = _sid(self, sid)
        self.symbol = _text(self, "symbol", symbol)
        self.asset_name = _text(self, "asset_name", asset_name)
        self.start_date = _date(self, "start_date", start_date)
        self.end_date = _date(self, "end_date", end_date)
        self.first_traded = _date(self, "first_traded", first_traded)
        self.auto_close_date = _date(self, "auto_close_date", auto_close_date)
        self.tick_size = None if tick_size is None else _number(self, "tick_size", tick_size)
        self.price_multiplier = _number(self, "multiplier", multiplier)
        if not isinstance(exchange_info, ExchangeInfo):
            raise _wrong_type(self, "exchange_info", "an ExchangeInfo", exchange_info)
        self.exchange_info = exchange_info

    @property
    def exchange(self):
        """str: short name of the exchange."""
        return self.exchange_info.canonical_name

    @property
    def exchange_full(self):
        """str: full name of the exchange."""
        return self.exchange_info.name

    @property
    def country_code(self):
        """str: ISO 3166-1 alpha-2 code of the exchange's country."""
        return self.exchange_info.country_code

    def __int__(self):
        return self.sid

    def __index__(self):
        return self.sid

    def __hash__(self):
        return hash(self.sid)

    def __richcmp__(self, other, int op):
        if isinstance(other, Asset):
            return _compare(self.sid, (<Asset> other).sid, op)
        if not PyIndex_Check(other):
            return NotImplemented
        try:
            number = index(other)
        except TypeError:  # an array of several: numpy compares it element by element
            return NotImplemented
        return PyObject_RichCompare(self.sid, number, op)

    def __repr__(self):
        name = type(self).__name__
        return f"{name}({self.sid} [{self.symbol}])" if self.symbol else f"{name}({self.sid})"

    def __reduce__(self):
        return type(self), (
            self.sid,
            self.exchange_info,
            self.symbol,
            self.asset_name,
            self.start_date,
            self.end_date,
            self.first_traded,
            self.auto_close_date,
            self.tick_size,
            self.price_multiplier,
        )

    def to_dict(self):
        """Return a dict of the asset's attributes, by the names of the parameters.

        The names of the exchange are added under ``exchange`` and ``exchange_full``.
        """
        return {
            "sid": self.sid,
            "symbol": self.symbol,
            "asset_name": self.asset_name,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "first_traded": self.first_traded,
            "auto_close_date": self.auto_close_date,
            "exchange": self.exchange,
            "exchange_full": self.exchange_full,
            "tick_size": self.tick_size,
            "multiplier": self.price_multiplier,
            "exchange_info": self.exchange_info,
        }

    @classmethod
    def from_dict(cls, dict_):
        """Build an asset from what :meth:`to_dict` returns; keys it has no use for are ignored.

        Raises
        ------
        TypeError
            If ``sid`` or ``exchange_info`` is missing.
        """
        missing = [name for name in ("sid", "exchange_info") if name not in dict_]
        if missing:
            raise TypeError(
                f"{cls.__name__}.from_dict: the dict has no {' and no '.join(missing)}, "
                f"its keys are {sorted(dict_)}"
            )
        return cls(**{name: value for name, value in dict_.items() if name in cls._kwargnames})

    def is_alive_for_session(self, session_label):
        """Return whether the session lies between the start and end date, both included.

        Parameters
        ----------
        session_label : pandas.Timestamp
            Midnight of the session; a missing time zone means UTC.

        Raises
        ------
        TypeError
            If `session_label` is no timestamp.
        ValueError
            If the asset has no start or no end date.
        """
        if not _is_timestamp(session_label):
            raise _wrong_type(self, "session_label", "a pandas.Timestamp", session_label)
        if not (_is_known(self.start_date) and _is_known(self.end_date)):
            raise ValueError(
                f"{self!r} needs a start_date and an end_date to know whether it is alive, it has "
                f"{self.start_date} and {self.end_date}"
            )
        return self.start_date.value <= session_label.value <= self.end_date.value

    def is_exchange_open(self, dt_minute):
        """Return whether the exchange trades in a minute.

        Parameters
        ----------
        dt_minute : pandas.Timestamp
            End of the minute; a missing time zone means UTC.

        Raises
        ------
        ImportError
            If exchange_calendars is not installed.
        """
        return bool(self.exchange_info.calendar.is_open_on_minute(dt_minute))


cdef class Equity(Asset):
    """A share in a company, a trust or a partnership; parameters as for :class:`Asset`."""


cdef class Future(Asset):
    """A futures contract.

    Parameters
    ----------
    sid, exchange_info, symbol, asset_name, start_date, end_date, first_traded
        As for :class:`Asset`.
    root_symbol : str or None, default ""
        Symbol that all contracts of the series share.
    notice_date : pandas.Timestamp, NaT or None
        First day on which the holder may be called on to take delivery.
    expiration_date : pandas.Timestamp, NaT or None
        Last day of the contract.
    auto_close_date : pandas.Timestamp, NaT or None
        As for :class:`Asset`; None stands for the earlier of notice and expiration date.
    tick_size : float or None, default 0.001
        Smallest price step.
    multiplier : float, default 1.0
        Units of the underlying that one contract is for.
    """

    _kwargnames = Asset._kwargnames | {"root_symbol", "notice_date", "expiration_date"}

    def __init__(
        self,
        sid,
        exchange_info,
        symbol="",
        root_symbol="",
        asset_name="",
        start_date=None,
        end_date=None,
        notice_date=None,
        expiration_date=None,
        auto_close_date=None,
        first_traded=None,
        tick_size=0.001,
        multiplier=1.0,
    ):
        notice_date = _date(self, "notice_date", notice_date)
        expiration_date = _date(self, "expiration_date", expiration_date)
        root_symbol = _text(self, "root_symbol", root_symbol)
        if auto_close_date is None:
            auto_close_date = _earlier(notice_date, expiration_date)
        super().__init__(
            sid,
            exchange_info,
            symbol=symbol,
            asset_name=asset_name,
            start_date=start_date,
            end_date=end_date,
            first_traded=first_traded,
            auto_close_date=auto_close_date,
            tick_size=tick_size,
            multiplier=multiplier,
        )
        self.root_symbol = root_symbol
        self.notice_date = notice_date
        self.expiration_date = expiration_date

    def __reduce__(self):
        return type(self), (
            self.sid,
            self.exchange_info,
            self.symbol,
            self.root_symbol,
            self.asset_name,
            self.start_date,
            self.end_date,
            self.notice_date,
            self.expiration_date,
            self.auto_close_date,
            self.first_traded,
            self.tick_size,
            self.price_multiplier,
        )

    def to_dict(self):
        """Return a dict of the contract's attributes, by the names of the parameters."""
        attributes = super().to_dict()
        attributes["root_symbol"] = self.root_symbol
        attributes["notice_date"] = self.notice_date
        attributes["expiration_date"] = self.expiration_date
        return attributes


def make_asset_array(size, asset):
    """Return an object array whose every element is one asset.

    Parameters
    ----------
    size : int
        Length of the array, at least 0.
    asset : Asset

    Returns
    -------
    numpy.ndarray
        One-dimensional, dtype object.

    Raises
    ------
    TypeError
        If `size` is no integer or `asset` no asset.
    ValueError
        If `size` is negative.
    """
    if not isinstance(asset, Asset):
        raise TypeError(f"asset must be an Asset, got {type(asset).__name__} {asset!r}")
    if not PyIndex_Check(size):
        raise TypeError(f"size must be an integer, got {type(size).__name__} {size!r}")
    if index(size) < 0:
        raise ValueError(f"size must be at least 0, got {size}")
    array = np.empty(size, dtype=object)
    array.fill(asset)
    return array


cdef bint _compare(int64_t left, int64_t right, int op) noexcept nogil:
    if op == Py_EQ:
        return left == right
    if op == Py_LT:
        return left < right
    if op == Py_LE:
        return left <= right
    if op == Py_GT:
        return left > right
    if op == Py_GE:
        return left >= right
    return left != right


cdef _wrong_type(owner, name, wanted, value):
    """Return the error for a parameter of the wrong type."""
    return TypeError(
        f"{type(owner).__name__}: {name} must be {wanted}, got {type(value).__name__} {value!r}"
    )


cdef int64_t _sid(owner, value) except? -1:
    if not PyIndex_Check(value):
        raise _wrong_type(owner, "sid", "an integer", value)
    try:
        return index(value)
    except OverflowError:
        raise OverflowError(
            f"{type(owner).__name__}: sid must fit a signed 64-bit integer, got {value}"
        ) from None


cdef _text(owner, name, value):
    if value is not None and not isinstance(value, str):
        raise _wrong_type(owner, name, "a string or None", value)
    return value


cdef _number(owner, name, value):
    if not isinstance(value, Real):
        raise _wrong_type(owner, name, "a number", value)
    return float(value)


cdef bint _is_timestamp(value) except? -1:
    # Timestamp and NaT, and no other datetime, have `value`; asking so spares importing pandas.
    return isinstance(value, datetime) and hasattr(value, "value")


cdef _date(owner, name, value):
    if value is not None and not _is_timestamp(value):
        raise _wrong_type(owner, name, "a pandas.Timestamp, NaT or None", value)
    return value


cdef bint _is_known(date) except -1:
    """Tell whether a date is neither None nor NaT, which is unequal to itself."""
    return date is not None and date == date


cdef _earlier(first, second):
    """Return the earlier of two dates, either of which may be unknown."""
    known = [date for date in (first, second) if _is_known(date)]
    if len(known) == 2:
        return second if second.value < first.value else first
    return known[0] if known else None
