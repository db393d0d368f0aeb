# cython: auto_pickle=False
"""Orders, transactions, and how the one becomes the other."""

cimport cython
from libc.math cimport copysign, fabs, floor, pow, trunc
from libc.stdint cimport int64_t

from rustybt.assets._assets cimport Asset

from enum import IntEnum
from itertools import count


cdef enum:
    OPEN = 0
    FILLED = 1
    CANCELLED = 2
    REJECTED = 3
    HELD = 4

ORDER_STATUS = IntEnum(
    "ORDER_STATUS", "OPEN FILLED CANCELLED REJECTED HELD", start=OPEN, module=__name__
)
cdef tuple STATUSES = tuple(ORDER_STATUS)

# Members of rustybt.protocol.DATASOURCE_TYPE.
cdef int TRANSACTION_TYPE = 5
cdef int ORDER_TYPE = 6

# Amounts of transactions are whole numbers below it.
cdef double MOST = 2.0 ** 63

# Orders that no blotter numbered; the first digit keeps them apart from those it did.
unnumbered = count((15 << 124) + 1)


@cython.no_gc  # orders do not refer to what refers to them, and a simulation keeps many
cdef class Order:
    """An instruction to buy or sell an amount of an asset.

    Parameters
    ----------
    dt : pandas.Timestamp
        When the order was placed.
    asset : Asset
        What to trade.
    amount : int
        Shares or contracts: positive to buy, negative to sell.
    stop : float, optional
        Price from which on the order is active: a buy at or above it, a sell at or below it.
    limit : float, optional
        Worst price of the market at which the order is offered to it.
    filled : int, default 0
        How much of `amount` has been traded, with its sign.
    commission : float, default 0
        What has been paid for that, in the currency of the account.
    id : str, optional
        Identifier; a new one of 32 hex digits by default.

    Attributes
    ----------
    created, dt : pandas.Timestamp
        When the order was placed and when it last changed.
    direction : float
        1.0 for a purchase, -1.0 for a sale.
    reason : str or None
        Why it was rejected or held.
    stop_reached, limit_reached : bool
        Whether the market's price has met `stop` and `limit`.
    broker_order_id : object
        For blotters that trade with a broker: its name of the order.

    Raises
    ------
    TypeError
        If `asset` is no Asset.
    """

    def __init__(
        self, dt, asset, amount, stop=None, limit=None, filled=0, commission=0, id=None  # noqa: A002
    ):
        self.place(dt, asset, amount, stop, limit, self.make_id() if id is None else id)
        self.filled = filled
        self.commission = commission

    cdef int place(self, dt, asset, amount, stop, limit, id) except -1:  # noqa: A002
        if not isinstance(asset, Asset):
            raise TypeError(
                f"an order needs an Asset, got {asset!r}: look it up with symbol() or sid()"
            )
        self.id = id
        self.dt = dt
        self.created = dt
        self.asset = asset
        self.amount = amount
        self.stop = stop
        self.limit = limit
        self.direction = copysign(1.0, amount)
        return 0

    @staticmethod
    def make_id():
        """Return a new identifier for an order that no blotter numbers."""
        return f"{next(unnumbered):032x}"

    @property
    def sid(self):
        """The asset."""
        return self.asset

    @property
    def type(self):
        """The number of orders in `rustybt.protocol.DATASOURCE_TYPE`."""
        return ORDER_TYPE

    @property
    def open_amount(self):
        """How much is still to be traded, with its sign."""
        return self.amount - self.filled

    @property
    def status(self):
        """Where the order stands, an ORDER_STATUS.

        An order without open amount is filled, whatever was set; a held one that has been filled
        in part is open again.
        """
        if not self.amount - self.filled:
            return STATUSES[FILLED]
        if self._status == HELD and self.filled:
            return STATUSES[OPEN]
        return STATUSES[self._status]

    @status.setter
    def status(self, status):
        self._status = ORDER_STATUS(status)

    @property
    def open(self):
        """Whether the order may yet trade: it is open or held."""
        return self.is_open()

    cdef bint is_open(self) except -1:
        if self._status != OPEN and self._status != HELD:
            return False
        return bool(self.amount - self.filled)

    @property
    def triggered(self):
        """Whether the order is active: it has no stop and no limit, or they have been reached."""
        return self.is_triggered()

    cdef bint is_triggered(self):
        if self.stop is not None and not self.stop_reached:
            return False
        return self.limit is None or self.limit_reached

    def check_order_triggers(self, current_price):
        """Tell what a price of the market triggers.

        Parameters
        ----------
        current_price : float
            Price of the present bar.

        Returns
        -------
        tuple of bool
            (stop reached, limit reached, stop of a stop-limit order reached). What was triggered
            before stays so.
        """
        if self.is_triggered():
            return self.stop_reached, self.limit_reached, False
        buys = self.amount > 0
        stopped = limited = False
        if self.stop is not None:
            stopped = current_price >= self.stop if buys else current_price <= self.stop
            if self.limit is None:
                return stopped, False, False
            if not stopped:
                return False, False, False
        limited = current_price <= self.limit if buys else current_price >= self.limit
        return False, limited, stopped

    def check_triggers(self, price, dt):
        """Note what a price of the market triggers.

        A stop-limit order whose stop is reached goes on as a limit order.

        Parameters
        ----------
        price : float
            Price of the present bar.
        dt : pandas.Timestamp
            Time of the bar; becomes the order's `dt` if a stop or limit is newly reached.
        """
        stop_reached, limit_reached, becomes_limit = self.check_order_triggers(price)
        if stop_reached != self.stop_reached or limit_reached != self.limit_reached:
            self.dt = dt
        self.stop_reached = stop_reached
        self.limit_reached = limit_reached
        if becomes_limit:
            self.stop = None

    def handle_split(self, ratio):
        """Restate the order in shares after a split.

        Amounts are divided by the ratio and truncated, what is filled and what is open each on
        its own, so that no share is made of fractions; stop and limit are multiplied and rounded
        to two decimals.

        Parameters
        ----------
        ratio : float
            Old shares per new share: 0.5 for a two-for-one split.
        """
        remaining = int((self.amount - self.filled) / ratio)
        self.filled = int(self.filled / ratio)
        self.amount = self.filled + remaining
        if self.limit is not None:
            self.limit = round(self.limit * ratio, 2)
        if self.stop is not None:
            self.stop = round(self.stop * ratio, 2)

    def cancel(self):
        """Mark the order as cancelled."""
        self._status = CANCELLED

    def reject(self, reason=""):
        """Mark the order as rejected by the broker, with his reason."""
        self._status = REJECTED
        self.reason = reason

    def hold(self, reason=""):
        """Mark the order as held by the broker, with his reason; a fill releases it."""
        self._status = HELD
        self.reason = reason

    def to_dict(self):
        """Return the order as a dict, as the `orders` of a performance frame list it."""
        fields = {
            "id": self.id,
            "dt": self.dt,
            "reason": self.reason,
            "created": self.created,
            "amount": self.amount,
            "filled": self.filled,
            "commission": self.commission,
            "stop": self.stop,
            "limit": self.limit,
            "stop_reached": self.stop_reached,
            "limit_reached": self.limit_reached,
        }
        if self.broker_order_id is not None:
            fields["broker_order_id"] = self.broker_order_id
        fields["sid"] = self.asset
        fields["status"] = self.status
        return fields

    def to_api_obj(self):
        """Return the order as it is now, as `rustybt.api.get_order` does."""
        from rustybt.protocol import Order as Snapshot

        return Snapshot(initial_values=self.to_dict())

    def __repr__(self):
        return f"Order({self.to_dict()!r})"

    def __reduce__(self):
        placed = (
            self.created, self.asset, self.amount, self.stop, self.limit, self.filled,
            self.commission, self.id,
        )
        since = (
            self.dt, self.reason, self._status, self.stop_reached, self.limit_reached,
            self.direction, self.broker_order_id, getattr(self, "__dict__", None),
        )
        return type(self), placed, since

    def __setstate__(self, state):
        (
            self.dt, self.reason, self._status, self.stop_reached, self.limit_reached,
            self.direction, self.broker_order_id, attributes,
        ) = state
        if attributes:
            self.__dict__.update(attributes)


def place_order(dt, asset, amount, stop, limit, id):  # noqa: A002
    """Return ``Order(dt, asset, amount, stop, limit, id=id)`` in half the time of the class's call.

    Parameters
    ----------
    dt, asset, amount, stop, limit, id
        As of Order.

    Raises
    ------
    TypeError
        If `asset` is no Asset.
    """
    cdef Order order = Order.__new__(Order)
    order.place(dt, asset, amount, stop, limit, id)
    order.filled = 0
    order.commission = 0
    return order


@cython.no_gc  # as orders
cdef class Transaction:
    """A trade: an order, or a part of it, filled.

    Parameters
    ----------
    asset : Asset
        What was traded.
    amount : int
        Shares or contracts: positive if bought, negative if sold.
    dt : pandas.Timestamp
        When.
    price : float
        Price of one share or contract.
    order_id : str or None
        Identifier of the order; None for a trade without one, such as the close of a position in
        an asset that ceased to exist.

    Raises
    ------
    TypeError
        If `asset` is no Asset.
    """

    def __init__(self, asset, amount, dt, price, order_id):
        if not isinstance(asset, Asset):
            raise TypeError(
                f"a transaction needs an Asset, got {asset!r}: look it up with symbol() or sid()"
            )
        self.asset = asset
        self.amount = amount
        self.dt = dt
        self.price = price
        self.order_id = order_id

    @property
    def type(self):
        """The number of transactions in `rustybt.protocol.DATASOURCE_TYPE`."""
        return TRANSACTION_TYPE

    def __getitem__(self, name):
        try:
            return getattr(self, name)
        except AttributeError:
            raise KeyError(name) from None

    def to_dict(self):
        """Return the transaction as a dict, as those of a performance frame are listed.

        Its `commission` is None: commissions belong to orders.
        """
        return {
            "amount": self.amount,
            "dt": self.dt,
            "price": self.price,
            "order_id": self.order_id,
            "sid": self.asset,
            "commission": None,
        }

    def __repr__(self):
        return (
            f"{type(self).__name__}(asset={self.asset}, dt={self.dt}, "
            f"amount={self.amount}, price={self.price})"
        )

    def __reduce__(self):
        trade = (self.asset, self.amount, self.dt, self.price, self.order_id)
        attributes = getattr(self, "__dict__", None)
        return (type(self), trade, attributes) if attributes else (type(self), trade)


def create_transaction(Order order not None, dt, double price, double amount):
    """Return the transaction that fills an order, or a part of it.

    Parameters
    ----------
    order : Order
        The order.
    dt : pandas.Timestamp
        Time of the fill.
    price : float
        Price of a share or contract.
    amount : float
        How much is traded, with its sign; truncated to a whole number.

    Raises
    ------
    ValueError
        If that leaves nothing, or is no number.
    """
    return new_transaction(order, dt, price, amount)


cdef Transaction new_transaction(Order order, dt, double price, double amount):
    """Return the transaction that fills an order, or a part of it."""
    if not 1 <= fabs(amount) < MOST:  # not a number is refused, too
        raise ValueError(
            f"a transaction needs an amount of 1 share at least, got {amount} "
            f"for the order {order.id}"
        )
    cdef Transaction transaction = Transaction.__new__(Transaction)
    transaction.asset = order.asset
    transaction.amount = <int64_t> amount
    transaction.dt = dt
    transaction.price = price
    transaction.order_id = order.id
    return transaction


class LiquidityExceeded(Exception):  # noqa: N818
    """Raised by a slippage model when the bar has no more volume for the asset's orders."""


cpdef bint fill_price_worse_than_limit_price(double fill_price, Order order) except -1:
    """Tell whether a price is above the limit of a purchase or below that of a sale.

    Parameters
    ----------
    fill_price : float
        Price of a possible fill.
    order : Order
        The order; without limit, or with one of 0, no price is worse.
    """
    if order.limit is None:
        return False
    cdef double limit = order.limit
    if limit == 0:
        return False
    return fill_price > limit if order.direction > 0 else fill_price < limit


# What a bar does for an order: nothing; fill it, or a part of it; nothing, and nor for later ones.
cdef enum:
    UNFILLED = 0
    FILLS = 1
    EXHAUSTED = 2


cdef class FillRule:
    """How a bar fills an order: the arithmetic of a slippage model, which has its parameters.

    ``rule(order, price, volume, used)`` returns the price and the amount, with its sign, of the
    fill that a bar of that close and volume gives, when `used` of the volume is already taken;
    (None, None) if it gives none. It raises LiquidityExceeded if later orders get none either.
    """

    def __call__(self, Order order not None, double price, double volume, double used):
        cdef Fill fill
        cdef int outcome = self.fill(order, price, volume, used, &fill)
        if outcome == EXHAUSTED:
            raise LiquidityExceeded(
                f"the bar's volume of {volume:.0f} leaves nothing for the order {order.id}"
            )
        return (fill.price, fill.amount) if outcome == FILLS else (None, None)

    cdef int fill(
        self, Order order, double price, double volume, double used, Fill* fill
    ) except -1:
        raise NotImplementedError


cdef class SpreadRule(FillRule):
    """The whole order, half a spread away from the close."""

    cdef double half_spread

    def __init__(self, double spread=0.0):
        self.half_spread = spread / 2.0

    cdef int fill(
        self, Order order, double price, double volume, double used, Fill* fill
    ) except -1:
        fill.price = price + self.half_spread * order.direction
        fill.amount = order.amount
        return FILLS


cdef class BasisPointsRule(FillRule):
    """A share of the volume at most, a fixed fraction away from the close."""

    cdef double fraction
    cdef double volume_limit

    def __init__(self, double fraction, double volume_limit):
        self.fraction = fraction
        self.volume_limit = volume_limit

    cdef int fill(
        self, Order order, double price, double volume, double used, Fill* fill
    ) except -1:
        cdef double wanted = order.amount - order.filled
        cdef double amount = min(fabs(wanted), floor(self.volume_limit * volume) - used)
        if amount <= 0:
            return EXHAUSTED
        fill.price = price + price * (self.fraction * order.direction)
        fill.amount = amount * order.direction
        return FILLS


cdef class VolumeShareRule(FillRule):
    """A share of the volume at most, away from the close by the square of the share taken."""

    cdef double volume_limit
    cdef double price_impact
    cdef double power

    def __init__(self, double volume_limit, double price_impact):
        self.volume_limit = volume_limit
        self.price_impact = price_impact
        self.power = 2.0  # not a constant, of which compilers make a product, as Python does not

    cdef int fill(
        self, Order order, double price, double volume, double used, Fill* fill
    ) except -1:
        cdef double remaining = self.volume_limit * volume - used
        if remaining < 1:
            return EXHAUSTED
        cdef double wanted = order.amount - order.filled
        cdef double amount = floor(min(remaining, fabs(wanted)))
        if amount < 1:
            return UNFILLED
        cdef double share = min((used + amount) / volume, self.volume_limit)
        cdef double impact = pow(share, self.power) * copysign(self.price_impact, order.direction)
        fill.price = price + impact * price
        fill.amount = amount * order.direction
        if fill_price_worse_than_limit_price(fill.price, order):
            return UNFILLED
        return FILLS


cdef class Charge:
    """What a fill costs: the arithmetic of a commission model, which has its parameters.

    ``charge(order, transaction)`` returns the additional commission of the order.
    """

    def __call__(self, Order order not None, Transaction transaction not None):
        return self.cost(order, transaction)

    cdef double cost(self, Order order, Transaction transaction) except? -1:
        return 0.0


cdef class UnitCharge(Charge):
    """So much a share or contract, so much once an order, and a minimum an order."""

    cdef double unit
    cdef double once
    cdef double minimum

    def __init__(self, double unit, double once, double minimum):
        self.unit = unit
        self.once = once
        self.minimum = minimum

    cdef double cost(self, Order order, Transaction transaction) except? -1:
        cdef double amount = transaction.amount
        cdef double paid = order.commission
        cdef double additional = fabs(amount * self.unit)
        if paid == 0:
            return max(self.minimum, additional + self.once)
        cdef double filled = order.filled
        cdef double total = fabs(filled * self.unit) + additional + self.once
        return 0.0 if total < self.minimum else total - paid


cdef class ContractCharge(Charge):
    """The UnitCharge of a contract, by its root symbol."""

    cdef object units
    cdef object onces
    cdef object minimum

    def __init__(self, units, onces, minimum):
        self.units = units
        self.onces = onces
        self.minimum = minimum

    cdef double cost(self, Order order, Transaction transaction) except? -1:
        root_symbol = order.asset.root_symbol
        try:
            unit, once = self.units[root_symbol], self.onces[root_symbol]
        except KeyError:
            raise ValueError(
                f"no commission is known for the root symbol {root_symbol!r}: name it in the "
                "model's cost or exchange_fee"
            ) from None
        cdef Charge charge = UnitCharge(unit, once, self.minimum)
        return charge.cost(order, transaction)


cdef class OrderCharge(Charge):
    """So much an order, with its first fill."""

    cdef double once

    def __init__(self, double once):
        self.once = once

    cdef double cost(self, Order order, Transaction transaction) except? -1:
        return self.once if order.commission == 0 else 0.0


cdef class ValueCharge(Charge):
    """A fraction of the value traded."""

    cdef double fraction

    def __init__(self, double fraction):
        self.fraction = fraction

    cdef double cost(self, Order order, Transaction transaction) except? -1:
        cdef double amount = transaction.amount
        return fabs(amount) * (transaction.price * self.fraction)


def calculate_per_unit_commission(
    order, transaction, cost_per_unit, initial_commission, min_trade_cost
):
    """Return the commission of a fill by its units.

    An order's first fill pays its units and the initial commission, the minimum at least; later
    ones pay what exceeds what the order has paid, once that is more than the minimum.

    Parameters
    ----------
    order : Order
        The order, not yet marked as filled by the transaction.
    transaction : Transaction
        The fill.
    cost_per_unit, initial_commission, min_trade_cost : float
        Cost of a share or contract, of an order, and the least an order pays.
    """
    return UnitCharge(cost_per_unit, initial_commission, min_trade_cost)(order, transaction)


# Column numbers of rustybt.data._equities.
cdef enum:
    CLOSE = 3
    VOLUME = 4


cdef class Fills:
    """What a bar makes of open orders.

    Parameters
    ----------
    data : BarData
        The present bar. Where it has a `feed` of prices, models that stand for a compiled rule are
        served by it; other models, and all models without a feed, by their own methods.

    Attributes
    ----------
    transactions : list of Transaction
        The fills, in the order they happened.
    commissions : list of dict
        "asset", "order" and "cost" of each fill that cost something.
    closed : list of Order
        The orders that are filled.
    """

    cdef readonly list transactions
    cdef readonly list commissions
    cdef readonly list closed
    cdef object data
    cdef object feed
    cdef object dt
    cdef object slippage
    cdef object commission
    cdef FillRule rule
    cdef Charge charge

    def __init__(self, data):
        self.transactions = []
        self.commissions = []
        self.closed = []
        self.data = data
        self.feed = getattr(data, "feed", None)
        self.dt = None

    def offer(self, asset, list orders not None, slippage, commission):
        """Offer an asset's orders to the market.

        Parameters
        ----------
        asset : Asset
            What is traded.
        orders : list of Order
            The orders for it, oldest first.
        slippage : SlippageModel
            It gives the fills.
        commission : CommissionModel
            It gives their cost.
        """
        if slippage is not self.slippage:
            self.slippage = slippage
            self.rule = None if self.feed is None else slippage.compiled_rule()
        if commission is not self.commission:
            self.commission = commission
            self.charge = commission.compiled_charge()
        if self.rule is not None:
            self.match(asset, orders)
            return
        for order, transaction in slippage.simulate(self.data, asset, orders):
            self.book(order, transaction)

    cdef int match(self, asset, list orders) except -1:
        """Fill an asset's orders by the rule, as `SlippageModel.simulate` does by a model."""
        cdef double volume = self.feed.bar(asset, VOLUME)
        if volume == 0:
            return 0
        cdef double price = self.feed.bar(asset, CLOSE)
        if price != price:
            return 0
        cdef double used = 0
        cdef Fill fill
        cdef Order order
        cdef int outcome
        if self.dt is None:
            self.dt = self.data.current_dt
        for order in orders:
            if order.filled == order.amount:
                continue
            if order.stop is not None or order.limit is not None:
                order.check_triggers(price, self.dt)
                if not order.is_triggered():
                    continue
            outcome = self.rule.fill(order, price, volume, used, &fill)
            if outcome == EXHAUSTED:
                break
            if outcome == FILLS:
                self.book(order, new_transaction(order, self.dt, fill.price, fill.amount))
                used += trunc(fabs(fill.amount))
        return 0

    cdef int book(self, Order order, Transaction transaction) except -1:
        """Charge and note a fill."""
        cdef double cost
        if self.charge is not None:
            cost = self.charge.cost(order, transaction)
        else:
            given = self.commission.calculate(order, transaction)
            try:
                cost = given
            except TypeError:
                raise TypeError(
                    f"the commission model {type(self.commission).__name__} must return a number "
                    f"from calculate, got {given!r}"
                ) from None
        if cost > 0:
            self.commissions.append({"asset": order.asset, "order": order, "cost": cost})
        order.filled = order.filled + transaction.amount
        order.commission = order.commission + cost
        order.dt = transaction.dt
        self.transactions.append(transaction)
        if not order.is_open():
            self.closed.append(order)
        return 0
