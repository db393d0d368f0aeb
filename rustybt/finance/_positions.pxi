# Positions and their totals.

cimport cython
from cpython.dict cimport PyDict_Next
from cpython.object cimport PyObject
from libc.math cimport INFINITY, NAN, fabs, isnan, nextafter, rint, trunc
from libc.stdint cimport INT64_MIN, int64_t

from rustybt.assets._assets cimport Future

import numpy as np

cdef int64_t NAT = INT64_MIN


cdef int64_t _nanos(time) except? -1:
    """Return a time as int64 nanoseconds since 1970 in UTC, NAT for None."""
    if time is None:
        return NAT
    value = getattr(time, "value", None)
    if value is None:
        import pandas as pd

        value = pd.Timestamp(time).value
    return value


cdef _number(double shares):
    """Return a count of shares as int where it is whole."""
    if fabs(shares) < 9007199254740992.0 and shares == trunc(shares):
        return <int64_t>shares
    return shares


cdef class Position:
    """What is held of one asset.

    Parameters
    ----------
    asset : Asset
        What is held.
    amount : int, default 0
        Shares or contracts, negative for a short position.
    cost_basis : float, default 0.0
        Average price per share at which the position breaks even, commissions included.
    last_sale_price : float, default 0.0
        Last known price of a share.
    last_sale_date : pandas.Timestamp, optional
        Time of that price.
    """

    def __init__(
        self, asset, amount=0, cost_basis=0.0, last_sale_price=0.0, last_sale_date=None
    ):
        self.asset = asset
        self.shares = amount
        self.cost = cost_basis
        self.price = last_sale_price
        self.sale_ns = _nanos(last_sale_date)
        self.is_future = isinstance(asset, Future)
        self.multiplier = asset.price_multiplier if self.is_future else 1.0
        self.settled_price = NAN
        self.changed = True

    @property
    def amount(self):
        """Shares or contracts held, negative for a short position."""
        return _number(self.shares)

    @amount.setter
    def amount(self, double amount):
        self.shares = amount
        self.changed = True

    @property
    def cost_basis(self):
        """Average price per share at which the position breaks even."""
        return self.cost

    @cost_basis.setter
    def cost_basis(self, double cost_basis):
        self.cost = cost_basis
        self.changed = True

    @property
    def last_sale_price(self):
        """Last known price of a share."""
        return self.price

    @last_sale_price.setter
    def last_sale_price(self, double price):
        self.price = price

    @property
    def last_sale_date(self):
        """Time of the last known price, None before the first."""
        if self.sale_ns == NAT:
            return None
        import pandas as pd

        return pd.Timestamp(self.sale_ns, tz="UTC")

    @last_sale_date.setter
    def last_sale_date(self, time):
        self.sale_ns = _nanos(time)

    @property
    def protocol_position(self):
        """The read-only view of this position that a strategy sees."""
        return _view(self)

    def earn_dividend(self, dividend):
        """Return the cash owed for a dividend whose ex-date has come, as ``{"amount": cash}``.

        Parameters
        ----------
        dividend : object
            Has the `amount` paid per share.
        """
        return {"amount": self.shares * dividend.amount}

    def earn_stock_dividend(self, stock_dividend):
        """Return the whole shares owed for a stock dividend whose ex-date has come.

        Parameters
        ----------
        stock_dividend : object
            Has the `ratio` of new shares per share held and the `payment_asset`.

        Returns
        -------
        dict
            `payment_asset` and `share_count`. Fractions are dropped; a product that misses a
            whole number by one step of float64 is that number.
        """
        cdef double count = self.shares * <double>float(stock_dividend.ratio)
        cdef double nearest = rint(count)
        cdef double size = fabs(count)
        if fabs(count - nearest) <= nextafter(size, INFINITY) - size:
            count = nearest
        return {"payment_asset": stock_dividend.payment_asset, "share_count": trunc(count)}

    def handle_split(self, asset, ratio):
        """Restate the position in shares after a split.

        Parameters
        ----------
        asset : Asset
            The asset of this position.
        ratio : float
            Old shares per new share: 0.5 for a two-for-one split.

        Returns
        -------
        float
            Cash for the fraction of a share that is lost, rounded to the cent.

        Raises
        ------
        ValueError
            If the split is of another asset.
        """
        self._check(asset, "split")
        return self.split(ratio)

    def update(self, txn):
        """Add a trade to the position.

        Parameters
        ----------
        txn : Transaction
            A trade in the position's asset.

        Raises
        ------
        ValueError
            If the trade is in another asset.
        """
        self._check(txn.asset, "transaction")
        self.trade(txn.amount, txn.price, _nanos(txn.dt))

    def adjust_commission_cost_basis(self, asset, cost):
        """Spread a commission over the shares of the position.

        A long position then breaks even at a higher price, a short one at a lower.

        Parameters
        ----------
        asset : Asset
            The asset of this position.
        cost : float
            The commission in the currency of the account.

        Raises
        ------
        ValueError
            If the commission is for another asset.
        """
        self._check(asset, "commission")
        self.add_commission(cost)

    def to_dict(self):
        """Return the position as a dict, as the `positions` of a performance frame list it."""
        return {
            "sid": self.asset,
            "amount": self.amount,
            "cost_basis": self.cost,
            "last_sale_price": self.price,
        }

    def _check(self, asset, event):
        if asset != self.asset:
            raise ValueError(f"a {event} of {asset} cannot change the position in {self.asset}")

    cdef double exposure(self) noexcept nogil:
        return self.shares * self.price * self.multiplier

    cdef void trade(self, double amount, double price, int64_t time_ns) noexcept:
        cdef double total = self.shares + amount
        if total == 0.0:
            self.cost = 0.0
        else:
            if (self.shares >= 0.0) == (amount >= 0.0):
                self.cost = (self.cost * self.shares + amount * price) / total
            elif fabs(amount) > fabs(self.shares):
                self.cost = price
            if self.sale_ns == NAT or time_ns > self.sale_ns:
                self.price = price
                self.sale_ns = time_ns
        self.shares = total
        self.changed = True

    cdef void add_commission(self, double cost) noexcept:
        if cost == 0.0 or self.shares == 0.0:
            return
        self.cost = (self.cost * self.shares + cost / self.multiplier) / self.shares
        self.changed = True

    cdef double split(self, double ratio) except? -1.0:
        cdef double shares = self.shares / ratio
        cdef double whole = trunc(shares)
        self.cost = round(<object>(self.cost * ratio), 2)
        self.shares = whole
        self.changed = True
        return round(<object>((shares - whole) * self.cost), 2)

    def __reduce__(self):
        state = (self.amount, self.cost, self.price, self.last_sale_date)
        return type(self), (self.asset, *state), self.settled_price

    def __setstate__(self, settled_price):
        self.settled_price = settled_price

    def __repr__(self):
        return (
            f"asset: {self.asset}, amount: {self.amount}, cost_basis: {self.cost}, "
            f"last_sale_price: {self.price}"
        )


cdef PositionView _view(Position position):
    cdef PositionView view = PositionView.__new__(PositionView)
    view._underlying_position = position
    return view


cdef class PositionView:
    """A position as a strategy sees it: it follows the books and cannot be changed.

    Attributes
    ----------
    asset, sid : Asset
        What is held.
    amount : int
        Shares or contracts held, negative for a short position.
    cost_basis : float
        Average price per share at which the position breaks even, commissions included.
    last_sale_price : float
        Last known price of a share.
    last_sale_date : pandas.Timestamp or None
        Time of that price.
    """

    def __init__(self, Position underlying_position not None):
        self._underlying_position = underlying_position

    @property
    def asset(self):
        """What is held."""
        return self._underlying_position.asset

    @property
    def sid(self):
        """What is held: the asset."""
        return self._underlying_position.asset

    @property
    def amount(self):
        """Shares or contracts held, negative for a short position."""
        return _number(self._underlying_position.shares)

    @property
    def cost_basis(self):
        """Average price per share at which the position breaks even."""
        return self._underlying_position.cost

    @property
    def last_sale_price(self):
        """Last known price of a share."""
        return self._underlying_position.price

    @property
    def last_sale_date(self):
        """Time of the last known price, None before the first."""
        return self._underlying_position.last_sale_date

    def __setattr__(self, name, value):
        raise AttributeError("cannot mutate Position objects")

    def __reduce__(self):
        return type(self), (self._underlying_position,)

    def __repr__(self):
        names = ("asset", "amount", "cost_basis", "last_sale_price", "last_sale_date")
        fields = {name: getattr(self, name) for name in names}
        return f"Position({fields})"


class Positions(dict):
    """The positions of a portfolio by asset; an asset not held gives an empty position."""

    __slots__ = ()

    def __missing__(self, asset):
        from rustybt.assets import Asset

        if isinstance(asset, Asset):
            return _view(Position(asset))
        raise ValueError(
            f"positions are looked up by Asset, got {asset!r}: use symbol() or sid() to get one"
        )


@cython.auto_pickle(False)
cdef class PositionStats:
    """Totals over the positions of a portfolio, in the currency of the account.

    The value of a position is what selling it brings: price times shares; that of a futures
    contract is none. Its exposure is price times shares times multiplier.

    Attributes
    ----------
    net_exposure, gross_exposure, long_exposure, short_exposure : float
        Sums over all positions with their sign, without it, over long and over short ones.
    net_value, gross_value, long_value, short_value : float
        The same of values.
    longs_count, shorts_count : int
        Long and short positions.
    """

    def __cinit__(self):
        self.positions = {}

    @classmethod
    def new(cls):
        """Return the totals of no positions."""
        return cls()

    @property
    def position_exposure_array(self):
        """Exposure of each position, in the order in which they were opened."""
        cdef Position position
        return np.array(
            [position.exposure() for position in self.positions.values()], dtype=np.float64
        )

    @property
    def position_exposure_series(self):
        """Exposure of each position as a Series with its sid."""
        import pandas as pd

        sids = np.array([asset.sid for asset in self.positions], dtype=np.int64)
        return pd.Series(self.position_exposure_array, index=sids)

    cdef void update(self, dict positions) except *:
        cdef double long_exposure = 0.0
        cdef double short_exposure = 0.0
        cdef double long_value = 0.0
        cdef double short_value = 0.0
        cdef double exposure
        cdef int64_t longs = 0
        cdef int64_t shorts = 0
        cdef PyObject *value
        cdef Py_ssize_t at = 0
        cdef Position position
        while PyDict_Next(positions, &at, NULL, &value):
            position = <Position>value
            exposure = position.exposure()
            if exposure > 0.0:
                longs += 1
                long_exposure += exposure
                if not position.is_future:
                    long_value += exposure
            elif exposure < 0.0:
                shorts += 1
                short_exposure += exposure
                if not position.is_future:
                    short_value += exposure
        self.positions = positions
        self.longs_count = longs
        self.shorts_count = shorts
        self.long_exposure = long_exposure
        self.short_exposure = short_exposure
        self.net_exposure = long_exposure + short_exposure
        self.gross_exposure = long_exposure - short_exposure
        self.long_value = long_value
        self.short_value = short_value
        self.net_value = long_value + short_value
        self.gross_value = long_value - short_value


@cython.auto_pickle(False)
cdef class PositionTracker:
    """The positions held, and the dividends owed for them.

    Parameters
    ----------
    data_frequency : {"daily", "minute"}
        Frequency of the simulation's bars.

    Attributes
    ----------
    positions : dict
        Position by asset, in the order in which they were opened.
    stats : PositionStats
        Totals over them; computed again when something has changed.
    """

    def __init__(self, data_frequency):
        self.data_frequency = data_frequency
        self.positions = {}
        self.store = Positions()
        self.unpaid_dividends = {}
        self.unpaid_stock_dividends = {}
        self.current_stats = PositionStats()
        self.synced_ns = NAT
        self.last_nanos = NAT

    def update_position(
        self,
        asset,
        amount=None,
        last_sale_price=None,
        last_sale_date=None,
        cost_basis=None,
    ):
        """Set what is known of a position, opening it if there is none.

        Parameters
        ----------
        asset : Asset
            What is held.
        amount, last_sale_price, last_sale_date, cost_basis : optional
            Values of the position; None leaves them.
        """
        cdef Position position = self.open(asset)
        if amount is not None:
            position.amount = amount
        if last_sale_price is not None:
            position.price = last_sale_price
        if last_sale_date is not None:
            position.last_sale_date = last_sale_date
        if cost_basis is not None:
            position.cost_basis = cost_basis

    def execute_transaction(self, txn):
        """Add a trade to the position in its asset, which it may open or close.

        Parameters
        ----------
        txn : Transaction
            The trade.
        """
        cdef Position position = self.open(txn.asset)
        position.trade(txn.amount, txn.price, self.nanos(txn.dt))
        if position.shares == 0.0:
            self.close(txn.asset)

    def handle_commission(self, asset, cost):
        """Spread a commission over the shares held of an asset, if any.

        Parameters
        ----------
        asset : Asset
            What was traded.
        cost : float
            The commission in the currency of the account.
        """
        position = self.positions.get(asset)
        if position is not None:
            (<Position>position).add_commission(cost)

    def handle_splits(self, splits):
        """Restate positions in shares after splits.

        Parameters
        ----------
        splits : iterable of (Asset, float)
            Assets and ratios, old shares per new share.

        Returns
        -------
        float
            Cash for fractions of shares.
        """
        cdef double cash = 0.0
        cdef Position position
        for asset, ratio in splits:
            if asset in self.positions:
                self.touch()
                position = self.positions[asset]
                cash += position.split(ratio)
                if position.shares == 0.0:
                    self.close(asset)
        return cash

    def earn_dividends(self, cash_dividends, stock_dividends):
        """Note what is owed for dividends whose ex-date has come, to be paid on their pay dates.

        Parameters
        ----------
        cash_dividends : iterable
            Each with `asset`, `amount` per share and `pay_date`.
        stock_dividends : iterable
            Each with `asset`, `payment_asset`, `ratio` and `pay_date`.
        """
        cdef Position position
        for dividend in cash_dividends:
            position = self.positions[dividend.asset]
            owed = self.unpaid_dividends.setdefault(_nanos(dividend.pay_date), [])
            owed.append(position.earn_dividend(dividend)["amount"])
        for dividend in stock_dividends:
            position = self.positions[dividend.asset]
            shares = position.earn_stock_dividend(dividend)
            if shares["share_count"]:
                owed = self.unpaid_stock_dividends.setdefault(_nanos(dividend.pay_date), [])
                owed.append((shares["payment_asset"], shares["share_count"]))

    def pay_dividends(self, next_trading_day):
        """Pay what is owed for a day.

        Parameters
        ----------
        next_trading_day : pandas.Timestamp
            Label of the session that begins.

        Returns
        -------
        float
            Cash paid: negative where short positions owe more than long ones receive. Shares are
            added to the positions.
        """
        cdef int64_t day = _nanos(next_trading_day)
        cdef double cash = 0.0
        cdef Position position
        for amount in self.unpaid_dividends.pop(day, ()):
            cash += <double>amount
        for asset, count in self.unpaid_stock_dividends.pop(day, ()):
            position = self.open(asset)
            position.shares += <double>count
            position.changed = True
        return cash

    def maybe_create_close_position_transaction(self, asset, dt, feed):
        """Return the trade that closes a position at the asset's last price.

        Parameters
        ----------
        asset : Asset
            What is held, or not.
        dt : pandas.Timestamp
            Time of the trade.
        feed : PriceFeed
            Gives the price; where it has none, the position's last one counts.

        Returns
        -------
        Transaction or None
            None if there is no such position.
        """
        from rustybt.finance.transaction import Transaction

        if asset not in self.positions:
            return None
        cdef Position position = self.positions[asset]
        cdef double price = feed.price(asset)
        if isnan(price):
            price = position.price
        return Transaction(asset, _number(-position.shares), dt, price, None)

    def get_positions(self):
        """Return the positions as a strategy sees them, by asset."""
        return self.store

    def get_position_list(self):
        """Return a dict for each position that holds something."""
        cdef Position position
        return [position.to_dict() for position in self.positions.values() if position.shares]

    def sync_last_sale_prices(self, feed):
        """Take over the present price of every asset held.

        Parameters
        ----------
        feed : PriceFeed
            Gives the prices and their time; an asset without price keeps its last one.
        """
        self.sync(feed)

    @property
    def stats(self):
        """Totals over the positions."""
        return self.refreshed()

    cdef int64_t nanos(self, time) except? -1:
        """Return a time as nanoseconds; the trades of a bar share theirs."""
        if time is not self.last_time:
            self.last_nanos = _nanos(time)
            self.last_time = time
        return self.last_nanos

    cdef void touch(self) noexcept:
        self.dirty_stats = True
        self.synced_ns = NAT

    cdef Position open(self, asset):
        cdef Position position
        self.touch()
        found = self.positions.get(asset)
        if found is not None:
            return found
        position = Position(asset)
        self.positions[asset] = position
        self.store[asset] = _view(position)
        self.members_changed = True
        return position

    cdef void close(self, asset) except *:
        del self.positions[asset]
        del self.store[asset]
        self.members_changed = True

    cdef bint sync(self, feed) except -1:
        """Take over prices; return whether anything may have changed."""
        cdef int64_t now = feed.now_ns
        if now == self.synced_ns:
            return False
        self.synced_ns = now
        if not self.positions:
            return False
        if isinstance(feed, PriceFeed):
            self.take_prices(feed)
        else:
            self.ask_prices(feed)
        self.dirty_stats = True
        return True

    cdef int take_prices(self, PriceFeed feed) except -1:
        """Read prices at the feed's cursor from the bars of each asset."""
        cdef PyObject *value
        cdef Py_ssize_t at = 0
        cdef Position position
        cdef double price
        cdef bint other = feed is not self.feed
        self.feed = feed
        while PyDict_Next(self.positions, &at, NULL, &value):
            position = <Position>value
            if other or position.bars is None:
                position.bars = feed.bars(position.asset)
            price = position.bars.price(feed._bar, feed._perspective)
            if not isnan(price):
                position.price = price
                position.sale_ns = feed.now_ns
        return 0

    cdef int ask_prices(self, feed) except -1:
        """Ask a feed that is not ours for the price of each asset."""
        cdef Position position
        cdef double price
        cdef int64_t now = feed.now_ns
        for position in self.positions.values():
            price = feed.price(position.asset)
            if not isnan(price):
                position.price = price
                position.sale_ns = now
        return 0

    cdef PositionStats refreshed(self):
        if self.dirty_stats:
            self.current_stats.update(self.positions)
            self.dirty_stats = False
        return self.current_stats
