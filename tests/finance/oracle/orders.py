"""Make orders.json: what zipline-reloaded 3.2.1 makes of random orders, and its rounded prices.

Run it with a Python that has zipline-reloaded: ``python tests/finance/oracle/orders.py``. The cases
come from a seeded generator, so that another run writes the same file.
"""

from __future__ import annotations

import json
import math
import runpy
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

replay = runpy.run_path(str(Path(__file__).with_name("replay.py")))["replay"]
asymmetric_round_price = import_module("zipline.finance.execution").asymmetric_round_price

EQUITY_SLIPPAGE = [
    ["FixedBasisPointsSlippage", {}],
    ["FixedBasisPointsSlippage", {"basis_points": 12.5, "volume_limit": 0.031}],
    ["VolumeShareSlippage", {}],
    ["VolumeShareSlippage", {"volume_limit": 0.2, "price_impact": 0.7}],
    ["FixedSlippage", {"spread": 0.13}],
    ["NoSlippage", {}],
]
FUTURE_SLIPPAGE = [
    ["VolatilityVolumeShare", {"volume_limit": 0.05}],
    ["VolatilityVolumeShare", {"volume_limit": 0.1, "eta": 3.7}],
    ["VolatilityVolumeShare", {"volume_limit": 0.1, "eta": {"ES": 2.5}}],
    ["FixedSlippage", {"spread": 0.5}],
    ["VolumeShareSlippage", {"volume_limit": 0.1}],
]
EQUITY_COMMISSION = [
    ["PerShare", {}],
    ["PerShare", {"cost": 0.0075, "min_trade_cost": 1.0}],
    ["PerShare", {"cost": 0.02, "min_trade_cost": 7.5}],
    ["PerTrade", {"cost": 4.95}],
    ["PerDollar", {}],
    ["NoCommission", {}],
]
FUTURE_COMMISSION = [
    ["PerContract", {"cost": 0.85, "exchange_fee": 1.18}],
    ["PerContract", {"cost": {"ES": 0.4}, "exchange_fee": {"ES": 1.1}, "min_trade_cost": 25.0}],
    ["PerFutureTrade", {"cost": 2.5}],
    ["PerTrade", {"cost": 3.0}],
]
STYLES = ["MarketOrder", "MarketOrder", "LimitOrder", "StopOrder", "StopLimitOrder"]
TICKS = [0.01, 0.25, 0.001, 0.05, 1.0, 0.0001, 0.125, 10.0]


def random_case(random: Random, number: int) -> dict[str, Any]:
    """Return a case of `replay` without its outcome."""
    future = number % 4 == 3
    price = random.uniform(5, 200)
    bars, placed = [], 0
    for at in range(random.randint(4, 12)):
        price *= math.exp(random.gauss(0, 0.02))
        close = math.nan if random.random() < 0.05 else round(price, 2)
        orders = [
            random_order(random, price)
            for _ in range(random.choice([0, 1, 1, 2, 4]) if at < 6 else 0)
        ]
        placed += len(orders)
        bars.append(
            {
                "close": close,
                "high": round(price * 1.01, 2),
                "low": round(price * 0.985, 2),
                "volume": 0 if random.random() < 0.15 else random.choice([7, 950, 20_311, 800_000]),
                "split": random.choice([0.5, 2.0, 1 / 3, 7.0]) if random.random() < 0.06 else None,
                "orders": orders,
                "cancels": [random.randrange(placed)] if placed and random.random() < 0.1 else [],
            }
        )
    closes = [round(price * math.exp(random.gauss(0, 0.02)), 2) for _ in range(21)]
    if random.random() < 0.2:
        closes[random.randrange(20)] = math.nan
    volumes = [float(random.randrange(100, 1_000_000)) for _ in range(21)]
    known = future and random.random() < 0.8
    return {
        "root_symbol": random.choice(["ES", "XX", "CL"]) if future else None,
        "tick_size": random.choice([0.25, 0.01, 0.05]) if future else 0.01,
        "slippage": random.choice(FUTURE_SLIPPAGE if future else EQUITY_SLIPPAGE),
        "commission": random.choice(FUTURE_COMMISSION if future else EQUITY_COMMISSION),
        "history": {"volume": volumes, "close": closes} if known else None,
        "bars": bars,
    }


def random_order(random: Random, price: float) -> list[Any]:
    """Return amount, execution style and its prices."""
    amount = random.choice([1, 3, 55, 400, 2_500, 60_000]) * random.choice([-1, 1])
    style = random.choice(STYLES)
    prices = [round(price * random.uniform(0.96, 1.04), 4) for _ in range(2)]
    count = {"MarketOrder": 0, "LimitOrder": 1, "StopOrder": 1, "StopLimitOrder": 2}[style]
    return [amount, style, prices[:count]]


def random_prices(random: Random) -> list[list[Any]]:
    """Return rows of price, whether down is preferred, tick size and the rounded price."""
    prices = [0.0, 1e-7, 0.0005, 0.0095, 0.01, 0.0195, 0.0105, 3.00949, 3.0005, 3.0195, 100.125]
    rows = []
    for tick_size in TICKS:
        near = [random.randrange(1, 400) * tick_size * (1 + shift) for shift in (-1e-9, 0, 1e-9)]
        far = [random.uniform(0, 500) for _ in range(12)]
        for price in [*prices, *near, *far]:
            for down in (True, False):
                rounded = asymmetric_round_price(price, down, tick_size)
                rows.append([price, down, tick_size, rounded])
    return rows


def main() -> None:
    """Write the file."""
    random = Random(20200102)  # noqa: S311 - not for secrets
    cases = [random_case(random, number) for number in range(120)]
    for case in cases:
        # The only root symbol without a fee: zipline knows no commission for it.
        if case["root_symbol"] == "XX" and isinstance(
            case["commission"][1].get("exchange_fee"), dict
        ):
            case["root_symbol"] = "ES"
        case["outcome"] = replay("zipline", case)
    path = Path(__file__).with_suffix(".json")
    lines = ",\n".join(json.dumps(case) for case in cases)
    rounded = ",\n".join(json.dumps(row) for row in random_prices(random))
    path.write_text(f'{{"cases": [\n{lines}\n],\n"rounded": [\n{rounded}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
