"""Orders and transactions."""

from libc.math cimport copysign

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

# Orders that no blotter numbered; the first digit keeps them apart from those it did.
unnumbered = count((15 << 124) + 1)


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
        if not isinstance(asset, Asset):
            raise TypeError(
                f"an order needs an Asset, got {asset!r}: look it up with symbol() or sid()"
            )
        self.id = self.make_id() if id is None else id
        self.dt = dt
        self.created = dt
        self.asset = asset
        self.amount = amount
        self.filled = filled
        self.commission = commission
        self.stop = stop
        self.limit = limit
        self.direction = copysign(1.0, amount)

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


def create_transaction(order, dt, price, amount):
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
        If that leaves nothing.
    """
    whole = int(amount)
    if not whole:
        raise ValueError(
            f"a transaction needs an amount of at least 1, got {amount} for the order {order.id}"
        )
    return Transaction(order.asset, whole, dt, price, order.id)
