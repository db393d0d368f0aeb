from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import pandas as pd
from typing_extensions import disjoint_base

from rustybt.assets import Asset
from rustybt.finance.bar import Bar
from rustybt.finance.commission import CommissionModel
from rustybt.finance.shared import Constant
from rustybt.finance.slippage import SlippageModel

class ORDER_STATUS(IntEnum):  # noqa: N801
    OPEN = 0
    FILLED = 1
    CANCELLED = 2
    REJECTED = 3
    HELD = 4

@disjoint_base
class Order:
    id: str
    dt: pd.Timestamp
    reason: str | None
    created: pd.Timestamp
    asset: Asset
    amount: int
    filled: int
    commission: float
    stop: float | None
    limit: float | None
    broker_order_id: object
    direction: float
    stop_reached: bool
    limit_reached: bool
    def __init__(
        self,
        dt: pd.Timestamp,
        asset: Asset,
        amount: float,
        stop: float | None = None,
        limit: float | None = None,
        filled: float = 0,
        commission: float = 0,
        id: str | None = None,  # noqa: A002
    ) -> None: ...
    @staticmethod
    def make_id() -> str: ...
    @property
    def sid(self) -> Asset: ...
    @property
    def type(self) -> int: ...
    @property
    def open_amount(self) -> int: ...
    @property
    def status(self) -> ORDER_STATUS: ...
    @status.setter
    def status(self, status: int) -> None: ...
    @property
    def open(self) -> bool: ...
    @property
    def triggered(self) -> bool: ...
    def check_order_triggers(self, current_price: float) -> tuple[bool, bool, bool]: ...
    def check_triggers(self, price: float, dt: pd.Timestamp) -> None: ...
    def handle_split(self, ratio: float) -> None: ...
    def cancel(self) -> None: ...
    def reject(self, reason: str = "") -> None: ...
    def hold(self, reason: str = "") -> None: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_api_obj(self) -> object: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __setstate__(self, state: tuple[Any, ...]) -> None: ...

def place_order(
    dt: pd.Timestamp,
    asset: Asset,
    amount: float,
    stop: float | None,
    limit: float | None,
    id: str,  # noqa: A002
) -> Order: ...

@disjoint_base
class Transaction:
    asset: Asset
    amount: int
    dt: pd.Timestamp
    price: float
    order_id: str | None
    def __init__(
        self, asset: Asset, amount: int, dt: pd.Timestamp, price: float, order_id: str | None
    ) -> None: ...
    @property
    def type(self) -> int: ...
    def __getitem__(self, name: str, /) -> object: ...
    def to_dict(self) -> dict[str, Any]: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def create_transaction(
    order: Order, dt: pd.Timestamp, price: float, amount: float
) -> Transaction: ...

class LiquidityExceeded(Exception): ...  # noqa: N818

def fill_price_worse_than_limit_price(fill_price: float, order: Order) -> bool: ...

@disjoint_base
class FillRule:
    def __call__(
        self, order: Order, price: float, volume: float, used: float
    ) -> tuple[float | None, float | None]: ...

@disjoint_base
class SpreadRule(FillRule):
    def __init__(self, spread: float = 0.0) -> None: ...

@disjoint_base
class BasisPointsRule(FillRule):
    def __init__(self, fraction: float, volume_limit: float) -> None: ...

@disjoint_base
class VolumeShareRule(FillRule):
    def __init__(self, volume_limit: float, price_impact: float) -> None: ...

@disjoint_base
class Charge:
    def __call__(self, order: Order, transaction: Transaction) -> float: ...

@disjoint_base
class UnitCharge(Charge):
    def __init__(self, unit: float, once: float, minimum: float) -> None: ...

@disjoint_base
class ContractCharge(Charge):
    def __init__(
        self,
        units: Constant[float] | Mapping[str, float],
        onces: Constant[float] | Mapping[str, float],
        minimum: float,
    ) -> None: ...

@disjoint_base
class OrderCharge(Charge):
    def __init__(self, once: float) -> None: ...

@disjoint_base
class ValueCharge(Charge):
    def __init__(self, fraction: float) -> None: ...

def calculate_per_unit_commission(
    order: Order,
    transaction: Transaction,
    cost_per_unit: float,
    initial_commission: float,
    min_trade_cost: float,
) -> float: ...

@disjoint_base
class Fills:
    @property
    def transactions(self) -> list[Transaction]: ...
    @property
    def commissions(self) -> list[dict[str, Any]]: ...
    @property
    def closed(self) -> list[Order]: ...
    def __init__(self, data: Bar) -> None: ...
    def offer(
        self,
        asset: Asset,
        orders: list[Order],
        slippage: SlippageModel,
        commission: CommissionModel,
    ) -> None: ...
