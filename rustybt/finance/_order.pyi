from enum import IntEnum
from typing import Any

import pandas as pd
from typing_extensions import disjoint_base

from rustybt.assets import Asset

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
