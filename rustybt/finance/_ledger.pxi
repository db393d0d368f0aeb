# Cash, value and returns.

from rustybt.finance._order cimport Order, Transaction

NOT_OVERRIDDEN = object()


cdef class Portfolio:
    """The state of a portfolio as a strategy sees it; it follows the books.

    Parameters
    ----------
    start_date : pandas.Timestamp, optional
        First session.
    capital_base : float, default 0.0
        Cash at the start.

    Attributes
    ----------
    portfolio_value : float
        Cash and what the positions are worth.
    cash : float
        Cash held.
    positions : Positions
        Positions by asset.
    positions_value, positions_exposure : float
        Sum of the positions' values, and of their exposures, with their sign.
    pnl : float
        Profit since the start.
    returns : float
        Compounded return since the start, 0.01 being one per cent; no capital change enters it.
    cash_flow, capital_used : float
        Sum of all payments since the start: negative for purchases.
    starting_cash : float
        Cash at the start.
    start_date : pandas.Timestamp
        First session.
    """

    def __init__(self, start_date=None, capital_base=0.0):
        self.start_date = start_date
        self.starting_cash = capital_base
        self.cash = capital_base
        self.portfolio_value = capital_base
        self.positions = Positions()

    @property
    def capital_used(self):
        """Sum of all payments since the start: negative for purchases."""
        return self.cash_flow

    @property
    def current_portfolio_weights(self):
        """Each position's exposure as a share of the portfolio's value, a Series by asset."""
        import pandas as pd

        exposures = {
            asset: position.last_sale_price * position.amount * asset.price_multiplier
            for asset, position in self.positions.items()
        }
        return pd.Series(exposures, dtype=float) / self.portfolio_value

    def __setattr__(self, name, value):
        raise AttributeError("cannot mutate Portfolio objects")

    def __reduce__(self):
        state = (
            self.cash_flow, self.portfolio_value, self.pnl, self.returns, self.cash,
            self.positions_value, self.positions_exposure, self.positions,
        )
        return type(self), (self.start_date, self.starting_cash), state

    def __setstate__(self, state):
        (
            self.cash_flow, self.portfolio_value, self.pnl, self.returns, self.cash,
            self.positions_value, self.positions_exposure, self.positions,
        ) = state

    def __repr__(self):
        names = (
            "cash_flow", "starting_cash", "portfolio_value", "pnl", "returns", "cash",
            "positions", "start_date", "positions_value", "positions_exposure",
        )
        fields = {name: getattr(self, name) for name in names}
        return f"Portfolio({fields})"


@cython.auto_pickle(False)
cdef class Ledger:
    """The books of a simulation: cash, positions, orders and trades.

    Parameters
    ----------
    trading_sessions : DatetimeIndex, shape (sessions,)
        Labels of the simulation's sessions.
    capital_base : float
        Cash at the start, in the currency of the account.
    data_frequency : {"daily", "minute"}
        Frequency of the simulation's bars.

    Attributes
    ----------
    portfolio : Portfolio
        The portfolio as it is now; computed again when something has changed.
    account : rustybt.protocol.Account
        The account as it is now.
    position_tracker : PositionTracker
        The positions.
    todays_returns : float
        Return since the end of the last session.
    daily_returns_array : ndarray of float64, shape (sessions,)
        Return of each session, NaN for those to come.
    daily_returns_series : Series
        The same by session.
    recording : Recording
        What is kept of every session.
    """

    def __init__(self, trading_sessions, capital_base, data_frequency):
        start = trading_sessions[0] if len(trading_sessions) else None
        self.trading_sessions = trading_sessions
        self.position_tracker = PositionTracker(data_frequency)
        self.current_portfolio = Portfolio(start, capital_base)
        self.current_portfolio.positions = self.position_tracker.store
        self.daily_returns_array = np.full(len(trading_sessions), np.nan)
        self.recording = Recording(len(trading_sessions))
        self.account_overrides = {}
        self.session_transactions = []
        self.session_orders = {}
        self.dirty_account = True

    @property
    def daily_returns_series(self):
        """Return of each session, NaN for those to come."""
        import pandas as pd

        return pd.Series(self.daily_returns_array, index=self.trading_sessions, copy=False)

    @property
    def todays_returns(self):
        """Return since the end of the last session."""
        return self.day_returns()

    def start_of_session(self, session_label):
        """Begin a session: forget the orders and trades of the last one.

        Parameters
        ----------
        session_label : pandas.Timestamp
            Label of the session.
        """
        self.session_transactions = []
        self.session_orders = {}
        self.update()
        self.previous_total_returns = self.current_portfolio.returns

    def end_of_bar(self, Py_ssize_t session_ix):
        """Note the return of the session so far.

        Parameters
        ----------
        session_ix : int
            Number of the session in the simulation.
        """
        self.daily_returns_array[session_ix] = self.day_returns()

    def end_of_session(self, Py_ssize_t session_ix):
        """Note the return of the session.

        Parameters
        ----------
        session_ix : int
            Number of the session in the simulation.
        """
        self.daily_returns_array[session_ix] = self.day_returns()

    def record_start(self):
        """Record the books at the start of the next session, dividends paid."""
        cdef Recording recording = self.recording
        cdef Py_ssize_t session = recording.sessions
        cdef Portfolio portfolio = self.current_portfolio
        self.update()
        recording.values[STARTING_EXPOSURE, session] = portfolio.positions_exposure
        recording.values[STARTING_VALUE, session] = portfolio.positions_value
        recording.values[STARTING_CASH, session] = portfolio.cash
        recording.values[STARTING_PNL, session] = portfolio.pnl

    def record_end(self, int64_t close_ns):
        """Record the books at the end of the session.

        Parameters
        ----------
        close_ns : int
            Time of the session's close, nanoseconds in UTC.
        """
        cdef Recording recording = self.recording
        cdef Py_ssize_t session = recording.sessions
        cdef Portfolio portfolio = self.current_portfolio
        cdef double[:, ::1] values = recording.values
        cdef PositionStats stats
        cdef double leverage
        self.update()
        stats = self.position_tracker.refreshed()
        recording.close_ns[session] = close_ns
        values[RETURNS, session] = self.day_returns()
        self.daily_returns_array[session] = values[RETURNS, session]
        values[PERIOD_RETURN, session] = portfolio.returns
        values[PNL, session] = portfolio.pnl
        values[CASH_FLOW, session] = portfolio.cash_flow
        values[ENDING_EXPOSURE, session] = portfolio.positions_exposure
        values[ENDING_VALUE, session] = portfolio.positions_value
        values[ENDING_CASH, session] = portfolio.cash
        values[PORTFOLIO_VALUE, session] = portfolio.portfolio_value
        values[LONGS_COUNT, session] = stats.longs_count
        values[SHORTS_COUNT, session] = stats.shorts_count
        values[LONG_VALUE, session] = stats.long_value
        values[SHORT_VALUE, session] = stats.short_value
        values[LONG_EXPOSURE, session] = stats.long_exposure
        values[SHORT_EXPOSURE, session] = stats.short_exposure
        leverage = _leverage(stats.gross_exposure, portfolio.portfolio_value)
        values[GROSS_LEVERAGE, session] = leverage
        values[LEVERAGE, session] = leverage
        values[NET_LEVERAGE, session] = _leverage(stats.net_exposure, portfolio.portfolio_value)
        if self.account_overrides:
            values[LEVERAGE, session] = self.account_overrides.get("leverage", leverage)
            values[NET_LEVERAGE, session] = self.account_overrides.get(
                "net_leverage", values[NET_LEVERAGE, session]
            )
        recording.write_positions(session, self.position_tracker)
        if self.session_transactions:
            recording.transactions.extend(self.session_transactions)
        if self.session_orders:
            recording.orders.extend(
                [_frozen(order) for order in self.session_orders.values()]
            )
        recording.marks[TRADED, session] = len(recording.transactions)
        recording.marks[ORDERED, session] = len(recording.orders)
        recording.sessions = session + 1

    def sync_last_sale_prices(self, feed):
        """Take over the present price of every asset held; once a bar unless positions change.

        Parameters
        ----------
        feed : PriceFeed
            Gives the prices and their time.
        """
        if self.position_tracker.sync(feed):
            self.dirty_portfolio = self.dirty_account = True

    def process_transaction(self, transaction):
        """Book a trade.

        Parameters
        ----------
        transaction : Transaction
            The trade. Shares are paid for at once; a futures contract is settled to the trade's
            price.
        """
        cdef PositionTracker tracker = self.position_tracker
        cdef Transaction compiled
        cdef double amount
        cdef double price
        if type(transaction) is Transaction:
            compiled = transaction
            asset, dt, amount, price = (
                compiled.asset, compiled.dt, compiled.amount, compiled.price
            )
        else:
            asset, dt, amount, price = (
                transaction.asset, transaction.dt, transaction.amount, transaction.price
            )
        cdef Position position = tracker.open(asset)
        if position.is_future:
            if not isnan(position.settled_price):
                self.move_cash(
                    (price - position.settled_price) * position.multiplier * position.shares
                )
            position.settled_price = price
        else:
            self.move_cash(-(price * amount))
        position.trade(amount, price, tracker.nanos(dt))
        if position.shares == 0.0:
            tracker.close(asset)
        self.dirty_portfolio = self.dirty_account = True
        self.session_transactions.append(transaction)

    def process_transactions(self, transactions):
        """Book several trades.

        Parameters
        ----------
        transactions : iterable of Transaction
            The trades.
        """
        for transaction in transactions:
            self.process_transaction(transaction)

    def process_splits(self, splits):
        """Restate positions in shares after splits, and pay for fractions of shares.

        Parameters
        ----------
        splits : iterable of (Asset, float)
            Assets and ratios, old shares per new share.
        """
        cdef double cash = self.position_tracker.handle_splits(splits)
        self.dirty_portfolio = self.dirty_account = True
        if cash:
            self.move_cash(cash)

    def process_order(self, order):
        """Keep track of an order that was placed or has changed.

        Parameters
        ----------
        order : Order
            The order; it comes last among those of the session.
        """
        cdef dict orders = self.session_orders
        number = order.id
        if number in orders:
            del orders[number]
        orders[number] = order

    def process_orders(self, orders):
        """Keep track of several orders that were placed or have changed.

        Parameters
        ----------
        orders : iterable of Order
            The orders.
        """
        for order in orders:
            self.process_order(order)

    def process_commission(self, commission):
        """Pay a commission.

        Parameters
        ----------
        commission : mapping
            Has the `asset` that was traded and the `cost`.
        """
        cdef double cost = commission["cost"]
        self.position_tracker.handle_commission(commission["asset"], cost)
        self.move_cash(-cost)

    def close_position(self, asset, dt, feed):
        """Close the position in an asset, if there is one, at its last price.

        Parameters
        ----------
        asset : Asset
            What is held, or not.
        dt : pandas.Timestamp
            Time of the trade.
        feed : PriceFeed
            Gives the price.
        """
        transaction = self.position_tracker.maybe_create_close_position_transaction(
            asset, dt, feed
        )
        if transaction is not None:
            self.process_transaction(transaction)

    def process_dividends(self, next_session, asset_finder, adjustment_reader):
        """Note the dividends whose ex-date is a session, and pay those whose pay date it is.

        Parameters
        ----------
        next_session : pandas.Timestamp
            Label of the session that begins.
        asset_finder : AssetFinder
            Handed on to the reader.
        adjustment_reader : object
            Has `get_dividends_with_ex_date` and `get_stock_dividends_with_ex_date`.
        """
        cdef PositionTracker tracker = self.position_tracker
        if tracker.positions:
            held = set(tracker.positions)
            tracker.earn_dividends(
                adjustment_reader.get_dividends_with_ex_date(held, next_session, asset_finder),
                adjustment_reader.get_stock_dividends_with_ex_date(
                    held, next_session, asset_finder
                ),
            )
        self.pay_dividends(next_session)

    @property
    def owes_dividends(self):
        """Whether dividends wait for their pay date."""
        cdef PositionTracker tracker = self.position_tracker
        return bool(tracker.unpaid_dividends or tracker.unpaid_stock_dividends)

    def pay_dividends(self, next_session):
        """Pay the dividends whose pay date is a session.

        Parameters
        ----------
        next_session : pandas.Timestamp
            Label of the session that begins.
        """
        cdef PositionTracker tracker = self.position_tracker
        if tracker.unpaid_dividends or tracker.unpaid_stock_dividends:
            self.move_cash(tracker.pay_dividends(next_session))

    def capital_change(self, change_amount):
        """Pay cash in or out: it changes the portfolio's value, not its returns.

        Parameters
        ----------
        change_amount : float
            Cash paid in; negative if paid out.
        """
        cdef double amount = change_amount
        self.update()
        self.current_portfolio.portfolio_value += amount
        self.current_portfolio.cash += amount
        self.dirty_account = True

    def transactions(self, dt=None):
        """Return the trades of the session as dicts.

        Parameters
        ----------
        dt : pandas.Timestamp, optional
            Only those of this time.
        """
        return [
            transaction.to_dict()
            for transaction in self.session_transactions
            if dt is None or transaction.dt == dt
        ]

    def orders(self, dt=None):
        """Return the orders placed or changed in the session as dicts.

        Parameters
        ----------
        dt : pandas.Timestamp, optional
            Only those changed last at this time.
        """
        return [
            order.to_dict()
            for order in self.session_orders.values()
            if dt is None or order.dt == dt
        ]

    @property
    def positions(self):
        """The positions as a list of dicts."""
        return self.position_tracker.get_position_list()

    def update_portfolio(self):
        """Compute the portfolio anew if something has changed."""
        self.update()

    @property
    def portfolio(self):
        """The portfolio as it is now."""
        self.update()
        return self.current_portfolio

    def calculate_period_stats(self):
        """Return the portfolio's value, its gross and its net leverage."""
        self.update()
        cdef PositionStats stats = self.position_tracker.refreshed()
        cdef double value = self.current_portfolio.portfolio_value
        return (
            value, _leverage(stats.gross_exposure, value), _leverage(stats.net_exposure, value)
        )

    def override_account_fields(
        self,
        settled_cash=NOT_OVERRIDDEN,
        accrued_interest=NOT_OVERRIDDEN,
        buying_power=NOT_OVERRIDDEN,
        equity_with_loan=NOT_OVERRIDDEN,
        total_positions_value=NOT_OVERRIDDEN,
        total_positions_exposure=NOT_OVERRIDDEN,
        regt_equity=NOT_OVERRIDDEN,
        regt_margin=NOT_OVERRIDDEN,
        initial_margin_requirement=NOT_OVERRIDDEN,
        maintenance_margin_requirement=NOT_OVERRIDDEN,
        available_funds=NOT_OVERRIDDEN,
        excess_liquidity=NOT_OVERRIDDEN,
        cushion=NOT_OVERRIDDEN,
        day_trades_remaining=NOT_OVERRIDDEN,
        leverage=NOT_OVERRIDDEN,
        net_leverage=NOT_OVERRIDDEN,
        net_liquidation=NOT_OVERRIDDEN,
    ):
        """Set fields of the account, as a broker reports them, in place of those computed.

        Parameters
        ----------
        settled_cash, ..., net_liquidation : optional
            Fields of `rustybt.protocol.Account`. Those not given are computed again.
        """
        given = {
            "settled_cash": settled_cash,
            "accrued_interest": accrued_interest,
            "buying_power": buying_power,
            "equity_with_loan": equity_with_loan,
            "total_positions_value": total_positions_value,
            "total_positions_exposure": total_positions_exposure,
            "regt_equity": regt_equity,
            "regt_margin": regt_margin,
            "initial_margin_requirement": initial_margin_requirement,
            "maintenance_margin_requirement": maintenance_margin_requirement,
            "available_funds": available_funds,
            "excess_liquidity": excess_liquidity,
            "cushion": cushion,
            "day_trades_remaining": day_trades_remaining,
            "leverage": leverage,
            "net_leverage": net_leverage,
            "net_liquidation": net_liquidation,
        }
        self.account_overrides = {
            name: value for name, value in given.items() if value is not NOT_OVERRIDDEN
        }
        self.dirty_account = True

    @property
    def account(self):
        """The account as it is now."""
        cdef Portfolio portfolio = self.portfolio
        if self.current_account is None:
            from rustybt.protocol import Account

            self.current_account = Account()
        if self.dirty_account:
            value, gross_leverage, net_leverage = self.calculate_period_stats()
            vars(self.current_account).update(
                settled_cash=portfolio.cash,
                accrued_interest=0.0,
                buying_power=INFINITY,
                equity_with_loan=value,
                total_positions_value=value - portfolio.cash,
                total_positions_exposure=portfolio.positions_exposure,
                regt_equity=portfolio.cash,
                regt_margin=INFINITY,
                initial_margin_requirement=0.0,
                maintenance_margin_requirement=0.0,
                available_funds=portfolio.cash,
                excess_liquidity=portfolio.cash,
                cushion=portfolio.cash / portfolio.portfolio_value if value else NAN,
                day_trades_remaining=INFINITY,
                leverage=gross_leverage,
                gross_leverage=gross_leverage,
                net_leverage=net_leverage,
                net_liquidation=value,
            )
            vars(self.current_account).update(self.account_overrides)
            self.dirty_account = False
        return self.current_account

    cdef void move_cash(self, double amount) noexcept:
        self.dirty_portfolio = self.dirty_account = True
        self.current_portfolio.cash_flow += amount
        self.current_portfolio.cash += amount

    cdef int update(self) except -1:
        cdef Portfolio portfolio = self.current_portfolio
        cdef PositionStats stats
        cdef double before = portfolio.portfolio_value
        cdef double pnl
        if not self.dirty_portfolio:
            return 0
        stats = self.position_tracker.refreshed()
        portfolio.positions_value = stats.net_value
        portfolio.positions_exposure = stats.net_exposure
        self.move_cash(_settle(self.position_tracker.positions))
        portfolio.portfolio_value = portfolio.cash + stats.net_value
        pnl = portfolio.portfolio_value - before
        portfolio.pnl += pnl
        if before != 0.0:
            portfolio.returns = (1.0 + portfolio.returns) * (1.0 + pnl / before) - 1.0
        self.dirty_portfolio = False
        return 0

    cdef double day_returns(self) except? -1.0:
        self.update()
        return (self.current_portfolio.returns + 1.0) / (self.previous_total_returns + 1.0) - 1.0


cdef double _leverage(double exposure, double value) noexcept nogil:
    return exposure / value if value != 0.0 else INFINITY


cdef double _settle(dict positions) except? -1.0:
    """Return the cash that futures contracts pay for the change of price since last settled."""
    cdef double cash = 0.0
    cdef double change
    cdef PyObject *value
    cdef Py_ssize_t at = 0
    cdef Position position
    while PyDict_Next(positions, &at, NULL, &value):
        position = <Position>value
        if position.is_future and not isnan(position.settled_price):
            change = position.price - position.settled_price
            cash += change * position.multiplier * position.shares
            position.settled_price = position.price
    return cash


cdef _frozen(order):
    """Return an order, or its present state if it can still change."""
    if type(order) is not Order:
        return order.to_dict() if getattr(order, "open", True) else order
    cdef Order live = order
    cdef Order state
    if not live.is_open():
        return live
    state = Order.__new__(Order)
    state.id = live.id
    state.dt = live.dt
    state.reason = live.reason
    state.created = live.created
    state.asset = live.asset
    state.amount = live.amount
    state.filled = live.filled
    state.commission = live.commission
    state.stop = live.stop
    state.limit = live.limit
    state.broker_order_id = live.broker_order_id
    state.direction = live.direction
    state.stop_reached = live.stop_reached
    state.limit_reached = live.limit_reached
    state._status = live._status
    return state
