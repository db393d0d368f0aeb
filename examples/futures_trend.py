"""Follow the trend of a continuous future, long or short, and roll from contract to contract.

The bundle that it runs on is made here: a root symbol with contracts of twelve months, whose prices
follow a seeded random walk. Run it with ``python examples/futures_trend.py``; it prints the result.
"""

import os
import tempfile

import numpy as np
import pandas as pd

from rustybt import run_algorithm
from rustybt.api import (
    continuous_future,
    get_open_orders,
    order_target,
    record,
    set_commission,
    set_slippage,
)
from rustybt.data import bundles
from rustybt.finance import commission, slippage
from rustybt.utils.calendar_utils import get_calendar

BUNDLE = "generated-futures"
CALENDAR = "us_futures"
START, END = pd.Timestamp("2018-01-02"), pd.Timestamp("2018-12-31")
MONTHS = "FGHJKMNQUVXZ"
CONTRACTS = 5
WINDOW = 20


def initialize(context):
    """Choose the root symbol, and costs as a broker may have them."""
    context.crude = continuous_future("CL", offset=0, roll="volume", adjustment="mul")
    set_commission(us_futures=commission.PerContract(cost=0.85, exchange_fee=1.5))
    set_slippage(us_futures=slippage.VolumeShareSlippage(volume_limit=0.05))


def handle_data(context, data):
    """Leave expiring contracts; hold the front one in the direction of the trend."""
    front = data.current(context.crude, "contract")
    for contract in list(context.portfolio.positions):
        if contract != front and not get_open_orders(contract):
            order_target(contract, 0)
    prices = data.history(context.crude, "price", WINDOW, "1d")
    trend = prices.iloc[-1] / prices.mean() - 1
    if not get_open_orders(front):
        order_target(front, CONTRACTS if trend > 0 else -CONTRACTS)
    record(trend=trend, exposure=context.portfolio.positions_exposure)


def contracts(sessions):
    """Return the contracts' frame and their daily bars: a walk, a carry and a volume that rolls."""
    walk = np.random.default_rng(2018).normal(0.0, 0.012, len(sessions)).cumsum()
    spot = 60 * np.exp(walk)
    rows, prices = [], {}
    for number in range(15):
        year, month = 2018 + number // 12, number % 12
        wanted = pd.Timestamp(year, month + 1, 20)
        expiry = sessions[sessions <= wanted][-1]
        held = (sessions <= expiry) & (sessions > expiry - pd.Timedelta(days=200))
        left = (expiry - sessions[held]).days.to_numpy()
        close = np.round(spot[held] * (1 + 0.0002 * left), 2)
        near = np.clip(60 - np.abs(left - 20), 1, None)
        prices[number] = pd.DataFrame(
            {
                "open": close,
                "high": close + 0.1,
                "low": close - 0.1,
                "close": close,
                "volume": 300.0 * near,
            },
            index=sessions[held],
        )
        rows.append(
            {
                "symbol": f"CL{MONTHS[month]}{year % 100}",
                "root_symbol": "CL",
                "asset_name": f"Crude {month + 1}/{year}",
                "start_date": sessions[held][0],
                "end_date": expiry,
                "first_traded": sessions[held][0],
                "notice_date": expiry,
                "expiration_date": expiry,
                "auto_close_date": sessions[sessions < expiry][-2],
                "tick_size": 0.01,
                "multiplier": 1000.0,
                "exchange": "CMES",
            }
        )
    return pd.DataFrame(rows), prices


def ingest(
    environ,
    asset_db_writer,
    minute_bar_writer,
    daily_bar_writer,
    adjustment_writer,
    calendar,
    start_session,
    end_session,
    cache,
    show_progress,
    output_dir,
):
    """Write the contracts as a bundle."""
    frame, prices = contracts(calendar.sessions_in_range(start_session, end_session))
    roots = pd.DataFrame({"root_symbol": ["CL"], "root_symbol_id": [1], "exchange": ["CMES"]})
    asset_db_writer.write(futures=frame, root_symbols=roots)
    daily_bar_writer.write(prices.items())
    adjustment_writer.write()


def main():
    """Ingest the contracts into a temporary folder, run the strategy, return its performance."""
    end = pd.Timestamp("2019-03-29")
    bundles.register(BUNDLE, ingest, calendar_name=CALENDAR, start_session=START, end_session=end)
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "RUSTYBT_ROOT": folder}
        bundles.ingest(BUNDLE, environ=environ)
        return run_algorithm(
            start=START + pd.Timedelta(days=59),
            end=END,
            initialize=initialize,
            handle_data=handle_data,
            capital_base=1_000_000,
            bundle=BUNDLE,
            trading_calendar=get_calendar(CALENDAR),
            default_extension=False,
            environ=environ,
        )


if __name__ == "__main__":
    performance = main()
    print(performance[["portfolio_value", "returns", "max_drawdown"]].tail())
