"""Known answers of `rustybt.finance._finance_ext`."""

import numpy as np
import pandas as pd

from rustybt.assets import Equity, ExchangeInfo, Future
from rustybt.finance import _finance_ext
from rustybt.finance.transaction import Transaction


class _Feed:
    """One price for everything."""

    now_ns = pd.Timestamp("2020-01-02 21:00", tz="UTC").value

    def price(self, _asset: object) -> float:
        return 12.0


def probe() -> tuple[object, object]:
    """Return (computed, expected) books of a purchase, a short future and a reverse split."""
    exchange = ExchangeInfo("New York Stock Exchange", "XNYS", "US")
    share, future = Equity(1, exchange), Future(2, exchange_info=exchange, multiplier=50.0)
    dt = pd.Timestamp("2020-01-02 20:59", tz="UTC")
    ledger = _finance_ext.Ledger(pd.DatetimeIndex(["2020-01-02"]), 1000.0, "daily")

    ledger.start_of_session(None)
    ledger.record_start()
    ledger.process_transactions(
        [Transaction(share, 25, dt, 10.0, None), Transaction(future, -1, dt, 11.0, None)]
    )
    ledger.process_commission({"asset": share, "cost": 5.0})
    ledger.process_splits([(share, 2.0)])
    ledger.sync_last_sale_prices(_Feed())
    ledger.record_end(dt.value)

    portfolio = ledger.portfolio
    computed = [
        portfolio.cash,
        portfolio.portfolio_value,
        ledger.account.net_leverage,
        ledger.recording.position(0, 0),
        _finance_ext.expanding_max_drawdown(np.array([0.5, -0.5, 1.0])).tolist(),
    ]
    bought = {"sid": share, "amount": 12, "cost_basis": 20.4, "last_sale_price": 12.0}
    expected = [705.2, 849.2, (144.0 - 600.0) / 849.2, bought, [0.0, -0.5, -0.5]]
    return computed, expected
