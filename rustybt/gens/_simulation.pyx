"""The loop of a simulation: sessions, bars, and what happens at each, in the order of events.

The market's side of a bar is a cursor of integers (:class:`rustybt._protocol.PriceFeed`); a
Timestamp is made where somebody asks for one, which an uneventful bar does not.
"""

cimport cython
from libc.stdint cimport INT64_MAX, int64_t

from rustybt._protocol cimport BarData, PriceFeed

import heapq

import numpy as np

from rustybt.finance.blotter import SimulationBlotter
from rustybt.finance.cancel_policy import NeverCancel
from rustybt.finance.order import ORDER_STATUS
from rustybt.gens import sim_engine
from rustybt.utils.execution import execution_times


@cython.auto_pickle(False)
cdef class Scheduled:
    """A function and the bars at which it runs."""

    cdef object callback
    cdef object rule
    cdef const int64_t[::1] times
    cdef Py_ssize_t at
    cdef bint is_asked

    def __init__(self, event, bars):
        times = event.rule.times(bars)
        self.callback = event.callback
        self.rule = event.rule
        self.is_asked = times is None
        self.times = np.ascontiguousarray(() if times is None else times, dtype=np.int64)

    cdef bint is_due(self, PriceFeed feed) except -1:
        """Tell whether the function runs at the present bar."""
        if self.is_asked:
            return bool(self.rule.should_trigger(feed.now()))
        if self.at == self.times.shape[0] or self.times[self.at] != feed.now_ns:
            return False
        self.at += 1
        return True


@cython.auto_pickle(False)
cdef class Simulation:
    """One run of an algorithm.

    Parameters
    ----------
    algorithm : TradingAlgorithm
        What is run; its `initialize` has been called.
    tracker : MetricsTracker
        Keeps the books.
    data : BarData
        What the strategy sees, over a feed at the frequency of the simulation.
    labels : DatetimeIndex, shape (sessions,)
        Labels of the sessions.
    before_trading_starts : ndarray of int64, shape (sessions,), or None
        When `before_trading_start` is called in each session, nanoseconds since 1970, UTC; None
        where it is not.
    minutes : tuple of ndarray of intp, each of shape (sessions,), or None
        Ordinals of each session's first and last bar on the feed's minutes; None for daily bars.
    progress : callable, optional
        Called after each session with the number of those done and of all.
    """

    cdef object algorithm
    cdef object tracker
    cdef object ledger
    cdef object blotter
    cdef object portal
    cdef object progress
    cdef object _handle_data
    cdef object create_context
    cdef BarData data
    cdef PriceFeed feed
    cdef object labels
    cdef dict positions
    cdef list events
    cdef list closing
    cdef set watched
    cdef readonly list packets
    cdef const int64_t[::1] before_trading_starts
    cdef const Py_ssize_t[::1] first_minutes
    cdef const Py_ssize_t[::1] last_minutes
    cdef object bars
    cdef Py_ssize_t held
    cdef bint is_daily
    cdef bint is_simulated_blotter
    cdef bint has_ordered
    cdef bint emits_minutes
    cdef bint starts_trading

    def __init__(
        self, algorithm, tracker, data, labels, before_trading_starts, minutes=None, progress=None
    ):
        self.algorithm = algorithm
        self.tracker = tracker
        self.ledger = tracker.ledger
        self.blotter = algorithm._blotter
        self.is_simulated_blotter = type(self.blotter) is SimulationBlotter
        self.data = data
        self.feed = data.feed
        self.portal = algorithm.data_portal
        self.labels = labels
        self.positions = tracker.positions
        self.starts_trading = before_trading_starts is not None
        if self.starts_trading:
            self.before_trading_starts = before_trading_starts
        self.is_daily = minutes is None
        if minutes is not None:
            self.first_minutes, self.last_minutes = minutes
        self.bars = self._all_bars(minutes)
        self.progress = progress
        self.emits_minutes = tracker.emission_rate == "minute"
        self._handle_data = algorithm._handle_data
        self.create_context = algorithm.event_manager.create_context
        self.events = []
        self.closing = []
        self.watched = set()
        self.packets = []
        for event in algorithm.event_manager.events:
            self.add_event(event)

    def _all_bars(self, minutes):
        """Return the times of all bars."""
        if minutes is None:
            closes = execution_times(self.portal.trading_calendar)[1]
            return closes[np.searchsorted(self.portal.session_axis.nanos, self.feed.sessions)]
        first, last = minutes
        if not first.size:
            return np.empty(0, dtype=np.int64)
        spans = [np.arange(begin, end + 1) for begin, end in zip(first, last, strict=True)]
        return self.feed.minutes[np.concatenate(spans)]

    def add_event(self, event):
        """Have a scheduled function run from the present bar on."""
        start = np.searchsorted(self.bars, self.feed.now_ns) if self.feed.now_ns else 0
        self.events.append(Scheduled(event, self.bars[start:]))

    def run(self):
        """Run all sessions.

        Raises
        ------
        Exception
            Whatever the strategy raises; the books are those of the sessions before then.
        """
        cdef Py_ssize_t session
        cdef Py_ssize_t sessions = len(self.labels)
        for session in range(sessions):
            self.begin(session)
            if self.is_daily:
                if self.starts_trading:
                    self.before_trading_start(session)
                self.feed.move(session, -1)
                self.bar()
            else:
                self.session_minutes(session)
            self.end()
            if self.progress is not None:
                self.progress(session + 1, sessions)

    cdef int begin(self, Py_ssize_t session) except -1:
        """Begin a session: capital changes, dividends, splits."""
        cdef int64_t nanos = self.feed.sessions[session]
        ledger = self.ledger
        if nanos in self.algorithm._capital_changes:
            self.packets += self.algorithm._change_capital(nanos)
        self.feed.move_before_open(session, nanos)
        if self.tracker.columnar:
            ledger.start_of_session(None)
            if self.positions and nanos in self.portal.ex_dates:
                ledger.process_dividends(
                    self.labels[session],
                    self.algorithm.asset_finder,
                    self.portal.adjustment_reader,
                )
            elif ledger.owes_dividends:
                ledger.pay_dividends(self.labels[session])
            ledger.record_start()
        else:
            self.tracker.handle_market_open(self.labels[session], self.portal)
        if nanos in self.portal.split_sessions:
            self.split(self.labels[session])
        return 0

    cdef int split(self, label) except -1:
        """Restate positions and orders after the splits of a session."""
        assets = self.positions.keys() | self.blotter.open_orders.keys()
        splits = self.portal.get_splits(assets, label)
        if splits:
            self.blotter.process_splits(splits)
            self.ledger.process_splits(splits)
        return 0

    cdef int before_trading_start(self, Py_ssize_t session) except -1:
        """Call the strategy before the session's first bar.

        Of a session with a single bar the strategy sees that bar already, as in Zipline: it can
        place no orders here, so nothing trades on what it sees before the next bar.
        """
        if self.is_daily:
            self.feed.move_within(session, self.before_trading_starts[session])
        else:
            self.feed.move_before_open(session, self.before_trading_starts[session])
        self.algorithm.before_trading_start(self.data)
        return 0

    cdef int session_minutes(self, Py_ssize_t session) except -1:
        """Run the minutes of a session."""
        cdef PriceFeed feed = self.feed
        cdef Py_ssize_t minute
        cdef Py_ssize_t last = self.last_minutes[session]
        cdef int64_t starts = INT64_MAX
        cdef const int64_t[::1] minutes = feed.minutes
        if self.starts_trading:
            starts = self.before_trading_starts[session]
        for minute in range(self.first_minutes[session], last + 1):
            if starts <= minutes[minute]:
                self.before_trading_start(session)
                starts = INT64_MAX
            feed.move(session, minute)
            if self.algorithm._capital_changes:
                if feed.now_ns in self.algorithm._capital_changes:
                    self.packets += self.algorithm._change_capital(feed.now_ns)
            self.bar()
            if self.emits_minutes:
                packet = self.tracker.handle_minute_close(feed.now(), self.portal)
                packet["minute_perf"]["recorded_vars"] = self.algorithm.recorded_vars
                self.packets.append(packet)
        return 0

    cdef int bar(self) except -1:
        """Run a bar: fills of earlier orders, then the strategy, then its new orders."""
        cdef Scheduled event
        blotter = self.blotter
        if not self.is_simulated_blotter:
            blotter.set_date(self.feed.now())
            self.fill()
        elif blotter.open_orders:
            self.fill()
        if self.create_context is None:
            if self._handle_data is not None:
                self._handle_data(self.algorithm, self.data)
            for event in self.events:
                if event.is_due(self.feed):
                    event.callback(self.algorithm, self.data)
        else:
            with self.create_context(self.data):
                if self._handle_data is not None:
                    self._handle_data(self.algorithm, self.data)
                for event in self.events:
                    if event.is_due(self.feed):
                        event.callback(self.algorithm, self.data)
        new_orders = blotter.new_orders
        if new_orders:
            blotter.new_orders = []
            self.ledger.process_orders(new_orders)
            self.has_ordered = True
        return 0

    cdef int fill(self) except -1:
        """Offer the open orders to the present bar, and book what comes of it."""
        blotter = self.blotter
        ledger = self.ledger
        self.algorithm._date_blotter()
        transactions, commissions, closed = blotter.get_transactions(self.data)
        if closed:
            blotter.prune_orders(closed)
        for transaction in transactions:
            ledger.process_transaction(transaction)
            ledger.process_order(blotter.orders[transaction.order_id])
        for commission in commissions:
            ledger.process_commission(commission)
        return 0

    cdef int end(self) except -1:
        """End a session: expired assets, cancelled orders, controls, the session's figures."""
        blotter = self.blotter
        self.close_expired()
        if not self.is_simulated_blotter or type(blotter.cancel_policy) is not NeverCancel:
            self.algorithm._date_blotter()
            if self.is_daily:
                blotter.execute_daily_cancel_policy(sim_engine.SESSION_END)
            else:
                blotter.execute_cancel_policy(sim_engine.SESSION_END)
        if self.algorithm.account_controls:
            self.algorithm.validate_account_controls()
        if self.tracker.columnar:
            self.ledger.sync_last_sale_prices(self.feed)
            self.ledger.record_end(self.feed.now_ns)
            if self.algorithm._recorded_vars:
                self.ledger.recording.record_variables(self.algorithm._recorded_vars)
            return 0
        packet = self.tracker.handle_market_close(self.feed.now(), self.portal)
        packet["daily_perf"]["recorded_vars"] = self.algorithm.recorded_vars
        self.packets.append(packet)
        return 0

    cdef int close_expired(self) except -1:
        """Close positions and cancel orders in assets that have reached their auto-close date."""
        positions = self.positions
        open_orders = self.blotter.open_orders
        if self.has_ordered or len(positions) != self.held:
            self.has_ordered = False
            self.held = len(positions)
            for assets in (positions, open_orders):
                for asset in assets:
                    if asset not in self.watched:
                        self.watched.add(asset)
                        if asset.auto_close_date is not None:
                            heapq.heappush(self.closing, (asset.auto_close_date.value, asset))
        if not self.closing or self.closing[0][0] > self.feed.now_ns:
            return 0
        expired = []
        while self.closing and self.closing[0][0] <= self.feed.now_ns:
            asset = heapq.heappop(self.closing)[1]
            self.watched.discard(asset)  # whoever orders it again is caught again
            expired.append(asset)
        self.algorithm._date_blotter()
        dt = self.feed.now()
        for asset in [asset for asset in positions if asset in expired]:
            self.ledger.close_position(asset, dt, self.feed)
        for asset in [asset for asset in open_orders if asset in expired]:
            self.blotter.cancel_all_orders_for_asset(asset)
        for order in list(self.blotter.new_orders):
            if order.status == ORDER_STATUS.CANCELLED:
                self.ledger.process_order(order)
                self.blotter.new_orders.remove(order)
        return 0


def first_of_each_day(const int64_t[::1] bars, const int64_t[::1] candidates, int64_t day):
    """Tell which candidates are the first in their day, a span that begins with a bar.

    The first day begins with the first bar, each other with the first bar after its predecessor
    ended.

    Parameters
    ----------
    bars : ndarray of int64, shape (bars,)
        Times of all bars, increasing nanoseconds.
    candidates : ndarray of int64, shape (candidates,)
        Some of them, in order.
    day : int
        Length of a day in nanoseconds.

    Returns
    -------
    ndarray of bool, shape (candidates,)
    """
    chosen = np.zeros(candidates.shape[0], dtype=np.uint8)
    cdef unsigned char[::1] out = chosen
    cdef Py_ssize_t candidate
    cdef Py_ssize_t bar = 0
    cdef int64_t end = bars[0] + day
    cdef bint is_taken = False
    for candidate in range(candidates.shape[0]):
        while candidates[candidate] >= end:
            while bars[bar] < end:
                bar += 1
            end = bars[bar] + day
            is_taken = False
        out[candidate] = not is_taken
        is_taken = True
    return chosen.view(np.bool_)
