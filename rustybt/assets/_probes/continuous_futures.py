"""Known answers of `rustybt.assets.continuous_futures`."""

import pickle

import pandas as pd

from rustybt.assets import _assets, continuous_futures
from rustybt.assets.exchange_info import ExchangeInfo


def probe() -> tuple[object, object]:
    """Return (computed, expected) answers of a chain of three contracts and a specifier of it."""
    exchange = ExchangeInfo("CHICAGO MERCANTILE EXCHANGE", "CME", "us")
    months = [pd.Timestamp(2015, month, 1) for month in (1, 2, 3)]
    contracts = [
        _assets.Future(
            sid,
            exchange,
            f"FO{code}15",
            root_symbol="FO",
            start_date=month - pd.Timedelta(days=60),
            end_date=month + pd.Timedelta(days=20),
            auto_close_date=month + pd.Timedelta(days=19),
        )
        for sid, code, month in zip((5, 6, 7), "FGH", months, strict=True)
    ]
    chain = continuous_futures.OrderedContracts("FO", contracts)
    march = continuous_futures.OrderedContracts(
        "FO", contracts, continuous_futures.march_cycle_delivery_predicate
    )
    future = continuous_futures.ContinuousFuture(
        10_707_900, "FO", 0, "calendar", chain.start_date, chain.end_date, exchange, "mul"
    )
    copied = pickle.loads(pickle.dumps(future))  # noqa: S301 - made on this very line
    second = chain.sid_to_contract[6]
    after = second >> 1

    computed = [
        [chain.contract_before_auto_close(month.value) for month in months],
        [chain.contract_at_offset(5, offset, months[0].value) for offset in (0, 1, 2, 3)],
        chain.active_chain(5, pd.Timestamp("2014-12-15").value).tolist(),
        [after.contract.sid if after else None, second << 2],
        list(march.sid_to_contract),
        [f"{chain.start_date:%F}", f"{chain.end_date:%F}"],
        [str(copied), copied == future, copied.exchange_info == exchange, copied > 5],
    ]
    expected = [
        [5, 6, 7],
        [5, 6, 7, None],
        [5, 6],
        [7, None],
        [7],
        ["2014-11-02", "2015-03-21"],
        ["ContinuousFuture(10707900 [FO, 0, calendar, mul])", True, True, True],
    ]
    return computed, expected
