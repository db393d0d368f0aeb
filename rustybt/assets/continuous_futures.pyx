"""Continuous futures, and the chains of contracts that they run through."""

cimport cython
from cpython.number cimport PyIndex_Check
from cpython.object cimport PyObject_RichCompare
from libc.stdint cimport INT64_MAX, int64_t

from functools import partial
from operator import index

import numpy as np

from rustybt.assets._assets cimport Asset
from rustybt.assets.exchange_info import ExchangeInfo

ADJUSTMENT_STYLES = ("add", "mul", None)
ROLL_STYLES = ("calendar", "volume")


def delivery_predicate(codes, contract):
    """Return whether a contract is delivered in one of some months.

    Parameters
    ----------
    codes : collection of str
        Letters of the months.
    contract : Future
        Its symbol ends in the letter of its month and two digits of its year, as in ``"PLF16"``.
    """
    symbol = contract.symbol
    return symbol[len(symbol) - 3] in codes


def march_cycle_delivery_predicate(contract):
    """Return whether a contract is delivered in March, June, September or December."""
    return delivery_predicate(_MARCH_CYCLE, contract)


_MARCH_CYCLE = frozenset("HMUZ")
_gold_delivery_predicate = partial(delivery_predicate, frozenset("GJMQVZ"))
_silver_delivery_predicate = partial(delivery_predicate, frozenset("HKNUZ"))

# Markets that list more months than are much traded; a chain runs through the traded ones.
CHAIN_PREDICATES = {
    "EL": march_cycle_delivery_predicate,
    "ME": march_cycle_delivery_predicate,
    "PL": partial(delivery_predicate, frozenset("FJNV")),
    "PA": march_cycle_delivery_predicate,
    "JY": march_cycle_delivery_predicate,
    "CD": march_cycle_delivery_predicate,
    "AD": march_cycle_delivery_predicate,
    "BP": march_cycle_delivery_predicate,
    "GC": _gold_delivery_predicate,
    "XG": _gold_delivery_predicate,
    "SV": _silver_delivery_predicate,
    "YS": _silver_delivery_predicate,
}


cdef class ContinuousFuture:
    """Specifier of one contract after the other of a chain, as a strategy refers to them.

    It equals, hashes and sorts as its sid, as an asset does. It cannot be changed.

    Parameters
    ----------
    sid : int
        Identifier, a signed 64-bit integer.
    root_symbol : str
        Symbol that the contracts of the chain share.
    offset : int
        Distance from the primary contract of a session: 0 the primary, 1 the one after, ...
    roll_style : str
        ``"calendar"`` or ``"volume"``: what makes the next contract the primary one.
    start_date, end_date : pandas.Timestamp
        First session of the first and last session of the last contract.
    exchange_info : ExchangeInfo
        Where the contracts are listed.
    adjustment : {"add", "mul", None}, default None
        How prices before a roll are adjusted to those after: by their difference, by their ratio,
        or not at all.

    Raises
    ------
    TypeError, OverflowError
        If a parameter is of another type or `sid` does not fit 64 bits.
    """

    cdef readonly int64_t sid
    cdef readonly object root_symbol
    cdef readonly int offset
    cdef readonly object roll_style
    cdef readonly object start_date
    cdef readonly object end_date
    cdef readonly object exchange_info
    cdef readonly object adjustment

    _kwargnames = frozenset((
        "sid",
        "root_symbol",
        "offset",
        "roll_style",
        "start_date",
        "end_date",
        "exchange_info",
        "adjustment",
    ))

    def __init__(
        self,
        sid,
        root_symbol,
        offset,
        roll_style,
        start_date,
        end_date,
        exchange_info,
        adjustment=None,
    ):
        if self.exchange_info is not None:
            raise TypeError(f"{self!r} is immutable: it cannot be initialised a second time")
        if not isinstance(exchange_info, ExchangeInfo):
            raise TypeError(
                "ContinuousFuture: exchange_info must be an ExchangeInfo, got "
                f"{type(exchange_info).__name__} {exchange_info!r}"
            )
        try:
            self.sid = index(sid)
        except OverflowError:
            raise OverflowError(
                f"ContinuousFuture: sid must fit a signed 64-bit integer, got {sid}"
            ) from None
        self.root_symbol = root_symbol
        self.offset = offset
        self.roll_style = roll_style
        self.start_date = start_date
        self.end_date = end_date
        self.adjustment = adjustment
        self.exchange_info = exchange_info

    @property
    def exchange(self):
        """str: short name of the exchange."""
        return self.exchange_info.canonical_name

    @property
    def exchange_full(self):
        """str: full name of the exchange."""
        return self.exchange_info.name

    def __int__(self):
        return self.sid

    def __index__(self):
        return self.sid

    def __hash__(self):
        return hash(self.sid)

    def __richcmp__(self, other, int op):
        if not PyIndex_Check(other):
            return NotImplemented
        try:
            number = index(other)
        except TypeError:  # an array of several: numpy compares it element by element
            return NotImplemented
        return PyObject_RichCompare(self.sid, number, op)

    def __str__(self):
        return (
            f"{type(self).__name__}({self.sid} "
            f"[{self.root_symbol}, {self.offset}, {self.roll_style}, {self.adjustment}])"
        )

    def __repr__(self):
        return (
            f"{type(self).__name__}({self.sid}, root_symbol={self.root_symbol!r}, "
            f"offset={self.offset}, roll_style={self.roll_style!r}, "
            f"adjustment={self.adjustment!r})"
        )

    def __reduce__(self):
        return type(self), (
            self.sid,
            self.root_symbol,
            self.offset,
            self.roll_style,
            self.start_date,
            self.end_date,
            self.exchange_info,
            self.adjustment,
        )

    def to_dict(self):
        """Return a dict of the attributes, by the names of the parameters.

        The short name of the exchange is added under ``exchange``.
        """
        return {
            "sid": self.sid,
            "root_symbol": self.root_symbol,
            "start_date": self.start_date,
            "end_date": self.end_date,
            "offset": self.offset,
            "roll_style": self.roll_style,
            "exchange": self.exchange,
            "exchange_info": self.exchange_info,
            "adjustment": self.adjustment,
        }

    @classmethod
    def from_dict(cls, dict_):
        """Build one from what :meth:`to_dict` returns; keys it has no use for are ignored."""
        return cls(**{name: value for name, value in dict_.items() if name in cls._kwargnames})

    def is_alive_for_session(self, session_label):
        """Return whether the session lies between the start and end date, both included.

        Parameters
        ----------
        session_label : pandas.Timestamp
            Midnight of the session; a missing time zone means UTC.
        """
        return self.start_date.value <= session_label.value <= self.end_date.value

    def is_exchange_open(self, dt_minute):
        """Return whether the exchange trades in a minute.

        Parameters
        ----------
        dt_minute : pandas.Timestamp
            End of the minute; a missing time zone means UTC.
        """
        return bool(self.exchange_info.calendar.is_open_on_minute(dt_minute))


@cython.auto_pickle(False)
cdef class ContractNode:
    """A contract in its chain: ``node >> 2`` is the one two later, ``node << 1`` the one before.

    Beyond the ends of the chain there is None.
    """

    cdef readonly object contract
    cdef public ContractNode prev
    cdef public ContractNode next

    def __init__(self, contract):
        self.contract = contract

    def __rshift__(ContractNode self, Py_ssize_t offset):
        node = self
        while offset > 0 and node is not None:
            node = node.next
            offset -= 1
        return node

    def __lshift__(ContractNode self, Py_ssize_t offset):
        node = self
        while offset > 0 and node is not None:
            node = node.prev
            offset -= 1
        return node


cdef class OrderedContracts:
    """The contracts of a root symbol in the order in which they follow each other.

    Dates are int64 nanoseconds since 1970 UTC throughout.

    Parameters
    ----------
    root_symbol : str
    contracts : iterable of Future
        In order. Leading ones that close before they start are left out.
    chain_predicate : callable, optional
        Takes a contract, returns whether it belongs to the chain; by default all do.

    Attributes
    ----------
    sid_to_contract : dict of int to ContractNode
    start_date, end_date : pandas.Timestamp
        The earliest start date and the latest end date of the contracts.

    Raises
    ------
    ValueError
        If a contract lacks a start, end or auto-close date.
    """

    cdef readonly object root_symbol
    cdef readonly ContractNode _head_contract
    cdef readonly dict sid_to_contract
    cdef readonly object chain_predicate
    cdef dict _position
    cdef const int64_t[::1] _sids
    cdef const int64_t[::1] _starts
    cdef const int64_t[::1] _auto_closes
    cdef int64_t _start_date
    cdef int64_t _end_date

    def __init__(self, root_symbol, contracts, chain_predicate=None):
        self.root_symbol = root_symbol
        self.chain_predicate = chain_predicate
        self.sid_to_contract = {}
        self._start_date = INT64_MAX
        self._end_date = 0
        cdef Asset contract
        cdef ContractNode last = None
        cdef ContractNode node
        dates = []
        for contract in contracts:
            _require_dates(contract)
            if last is None and contract.start_date >= contract.auto_close_date:
                continue
            if chain_predicate is not None and not chain_predicate(contract):
                continue
            node = ContractNode(contract)
            node.prev = last
            if last is None:
                self._head_contract = node
            else:
                last.next = node
            last = node
            self.sid_to_contract[contract.sid] = node
            self._start_date = min(self._start_date, contract.start_date.value)
            self._end_date = max(self._end_date, contract.end_date.value)
            dates.append((contract.sid, contract.start_date.value, contract.auto_close_date.value))
        self._position = {sid: position for position, (sid, _, _) in enumerate(dates)}
        self._sids, self._starts, self._auto_closes = (
            np.array(dates, dtype=np.int64).reshape(-1, 3).T.copy()
        )

    def __reduce__(self):
        contracts = [node.contract for node in self.sid_to_contract.values()]
        return type(self), (self.root_symbol, contracts, self.chain_predicate)

    def contract_before_auto_close(self, int64_t dt_value):
        """Return the sid of the first contract that closes after a date, else of the last one.

        Raises
        ------
        ValueError
            If the chain is empty.
        """
        cdef Py_ssize_t position = 0
        cdef Py_ssize_t last = self._sids.shape[0] - 1
        if last < 0:
            raise ValueError(f"the root symbol {self.root_symbol} has no contracts in its chain")
        while position < last and self._auto_closes[position] <= dt_value:
            position += 1
        return self._sids[position]

    def contract_at_offset(self, sid, Py_ssize_t offset, int64_t start_cap):
        """Return the sid of the contract `offset` after a contract.

        None if the chain ends before it, or if it starts after `start_cap`.

        Raises
        ------
        KeyError
            If `sid` is not in the chain.
        """
        cdef Py_ssize_t position = self._find(sid) + max(offset, 0)
        if position >= self._sids.shape[0] or self._starts[position] > start_cap:
            return None
        return self._sids[position]

    def active_chain(self, starting_sid, int64_t dt_value):
        """Return the sids of a contract and those after it that have started by a date.

        Returns
        -------
        numpy.ndarray
            One-dimensional, dtype int64.

        Raises
        ------
        KeyError
            If `starting_sid` is not in the chain.
        """
        cdef Py_ssize_t first = self._find(starting_sid)
        sids = np.asarray(self._sids)[first:]
        return sids[np.asarray(self._starts)[first:] <= dt_value]

    @property
    def start_date(self):
        """pandas.Timestamp: the earliest start date of the contracts."""
        return _timestamp(self._start_date)

    @property
    def end_date(self):
        """pandas.Timestamp: the latest end date of the contracts."""
        return _timestamp(self._end_date)

    cdef Py_ssize_t _find(self, sid) except -1:
        position = self._position.get(sid)
        if position is None:
            raise KeyError(f"the chain of {self.root_symbol} has no contract with the sid {sid}")
        return position


cdef _require_dates(Asset contract):
    for name in ("start_date", "end_date", "auto_close_date"):
        date = getattr(contract, name)
        if date is None or date != date:  # NaT is unequal to itself
            raise ValueError(f"{contract!r} cannot be in a chain of contracts: it has no {name}")


cdef _timestamp(int64_t nanos):
    from pandas import Timestamp  # late: importing pandas would slow down whoever needs no dates

    return Timestamp(nanos)
