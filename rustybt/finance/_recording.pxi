# What is kept of every session, in columns.

from array import array

from cpython cimport array as arrays

cdef enum:
    STARTING_EXPOSURE
    STARTING_VALUE
    STARTING_CASH
    STARTING_PNL
    RETURNS
    PERIOD_RETURN
    PNL
    CASH_FLOW
    ENDING_EXPOSURE
    ENDING_VALUE
    ENDING_CASH
    PORTFOLIO_VALUE
    LONGS_COUNT
    SHORTS_COUNT
    LONG_VALUE
    SHORT_VALUE
    LONG_EXPOSURE
    SHORT_EXPOSURE
    GROSS_LEVERAGE
    NET_LEVERAGE
    LEVERAGE
    FIELDS

cdef enum:
    HELD
    HELD_FROM
    PRICED_FROM
    TRADED
    ORDERED
    MARKS

cdef dict NUMBERS = {
    "starting_exposure": STARTING_EXPOSURE,
    "starting_value": STARTING_VALUE,
    "starting_cash": STARTING_CASH,
    "starting_pnl": STARTING_PNL,
    "returns": RETURNS,
    "period_return": PERIOD_RETURN,
    "pnl": PNL,
    "cash_flow": CASH_FLOW,
    "positions_exposure": ENDING_EXPOSURE,
    "positions_value": ENDING_VALUE,
    "cash": ENDING_CASH,
    "portfolio_value": PORTFOLIO_VALUE,
    "longs_count": LONGS_COUNT,
    "shorts_count": SHORTS_COUNT,
    "long_value": LONG_VALUE,
    "short_value": SHORT_VALUE,
    "long_exposure": LONG_EXPOSURE,
    "short_exposure": SHORT_EXPOSURE,
    "gross_leverage": GROSS_LEVERAGE,
    "net_leverage": NET_LEVERAGE,
    "leverage": LEVERAGE,
}


@cython.auto_pickle(False)
cdef class Recording:
    """The state of the books at the start and the end of every session, in growing columns.

    Parameters
    ----------
    capacity : int
        Sessions of the simulation.

    Attributes
    ----------
    sessions : int
        Sessions recorded so far.
    transactions, orders : list
        Trades and states of orders of all sessions, in order of time.
    variables : dict
        By name, what a strategy recorded: the session of the first value and a value for each
        session since.
    """

    def __init__(self, Py_ssize_t capacity):
        self.table = np.zeros((FIELDS, capacity))
        self.closes = np.zeros(capacity, dtype=np.int64)
        self.spans = np.zeros((MARKS, capacity), dtype=np.int64)
        self.values = self.table
        self.close_ns = self.closes
        self.marks = self.spans
        self.transactions = []
        self.orders = []
        self.variables = {}
        self.assets = []
        self.asset_numbers = {}
        self.held_assets = array("i")
        self.held_amounts = array("d")
        self.held_costs = array("d")
        self.prices = array("d")

    def field(self, name):
        """Return a figure of every session recorded.

        Parameters
        ----------
        name : str
            Name of the figure: one of the totals of the portfolio, the positions or the account
            at the end of a session, or `starting_` and that name at its start.

        Returns
        -------
        ndarray of float64, shape (sessions,)
        """
        return self.table[NUMBERS[name], : self.sessions]

    @property
    def close_times(self):
        """End of each session recorded, int64 nanoseconds in UTC."""
        return self.closes[: self.sessions]

    def record_variables(self, variables):
        """Keep what a strategy recorded in the session that was recorded last.

        Parameters
        ----------
        variables : dict
            Value by name.
        """
        cdef Py_ssize_t session = self.sessions - 1
        cdef list values
        for name, value in variables.items():
            found = self.variables.get(name)
            if found is None:
                self.variables[name] = (session, [value])
                continue
            first, values = found
            while len(values) < session - first:
                values.append(NAN)
            values.append(value)

    def counts(self, name):
        """Return how many entries each session has.

        Parameters
        ----------
        name : {"positions", "transactions", "orders"}
            What to count.

        Returns
        -------
        ndarray of int64, shape (sessions,)
        """
        if name == "positions":
            return self.spans[HELD, : self.sessions]
        ends = self.spans[TRADED if name == "transactions" else ORDERED, : self.sessions]
        return np.diff(ends, prepend=0)

    def position(self, Py_ssize_t session, Py_ssize_t at):
        """Return a position at the end of a session as a dict."""
        cdef Py_ssize_t row = self.marks[HELD_FROM, session] + at
        return {
            "sid": self.assets[self.held_assets[row]],
            "amount": _number(self.held_amounts[row]),
            "cost_basis": self.held_costs[row],
            "last_sale_price": self.prices[self.marks[PRICED_FROM, session] + at],
        }

    def transaction(self, Py_ssize_t session, Py_ssize_t at):
        """Return a trade of a session as a dict."""
        first = self.marks[TRADED, session - 1] if session else 0
        return self.transactions[first + at].to_dict()

    def order(self, Py_ssize_t session, Py_ssize_t at):
        """Return the state of an order at the end of a session as a dict."""
        first = self.marks[ORDERED, session - 1] if session else 0
        state = self.orders[first + at]
        return dict(state) if isinstance(state, dict) else state.to_dict()

    cdef void write_positions(self, Py_ssize_t session, PositionTracker tracker) except *:
        """Record the positions at the end of a session.

        Amounts and costs are written anew only if one of them has changed since the session
        before; prices always.
        """
        cdef arrays.array prices = self.prices
        cdef arrays.array numbers = self.held_assets
        cdef arrays.array amounts = self.held_amounts
        cdef arrays.array costs = self.held_costs
        cdef Py_ssize_t priced_from = len(prices)
        cdef Py_ssize_t held_from = len(numbers)
        cdef Py_ssize_t held = 0
        cdef bint changed = tracker.members_changed or session == 0
        cdef Py_ssize_t at = 0
        cdef PyObject *value
        cdef Position position
        arrays.resize_smart(prices, priced_from + len(tracker.positions))
        while PyDict_Next(tracker.positions, &at, NULL, &value):
            position = <Position>value
            changed = changed or position.changed
            if position.shares != 0.0:
                prices.data.as_doubles[priced_from + held] = position.price
                held += 1
        arrays.resize_smart(prices, priced_from + held)
        self.marks[HELD, session] = held
        self.marks[PRICED_FROM, session] = priced_from
        if not changed:
            self.marks[HELD_FROM, session] = self.marks[HELD_FROM, session - 1]
            return
        self.marks[HELD_FROM, session] = held_from
        arrays.resize_smart(numbers, held_from + held)
        arrays.resize_smart(amounts, held_from + held)
        arrays.resize_smart(costs, held_from + held)
        tracker.members_changed = False
        for position in tracker.positions.values():
            position.changed = False
            if position.shares != 0.0:
                numbers.data.as_ints[held_from] = self._number(position.asset)
                amounts.data.as_doubles[held_from] = position.shares
                costs.data.as_doubles[held_from] = position.cost
                held_from += 1

    def _number(self, asset):
        number = self.asset_numbers.get(asset)
        if number is None:
            number = self.asset_numbers[asset] = len(self.assets)
            self.assets.append(asset)
        return number
