"""Known answers of `rustybt.assets._assets`."""

import pickle

from rustybt.assets import _assets
from rustybt.assets.exchange_info import ExchangeInfo


def probe() -> tuple[object, object]:
    """Return (computed, expected) comparisons, representations and dicts of three assets."""
    exchange = ExchangeInfo("NEW YORK STOCK EXCHANGE", "NYSE", "us")
    equity = _assets.Equity(24, exchange, "AAPL", tick_size=0.05)
    future = _assets.Future(7, exchange, "CLF06", root_symbol="CL", multiplier=1000)
    asset = _assets.Asset(8, exchange)
    copied = pickle.loads(pickle.dumps(future))  # noqa: S301 - made on this very line

    computed = [
        [repr(each) for each in sorted([equity, asset, future])],
        [equity == 24, equity != 24, equity < 25, equity <= future, asset > 7, future >= equity],
        hash(equity) == hash(24),
        equity.to_dict(),
        [copied.root_symbol, copied.price_multiplier, copied.tick_size, copied == future],
        _assets.make_asset_array(2, equity).tolist(),
        [equity.country_code, [10, 11, 12, 13, 14, 15, 16, 17, 18][asset]],
    ]
    expected = [
        ["Future(7 [CLF06])", "Asset(8)", "Equity(24 [AAPL])"],
        [True, False, True, False, True, False],
        True,
        {
            "sid": 24,
            "symbol": "AAPL",
            "asset_name": "",
            "start_date": None,
            "end_date": None,
            "first_traded": None,
            "auto_close_date": None,
            "exchange": "NYSE",
            "exchange_full": "NEW YORK STOCK EXCHANGE",
            "tick_size": 0.05,
            "multiplier": 1.0,
            "exchange_info": exchange,
        },
        ["CL", 1000.0, 0.001, True],
        [equity, equity],
        ["US", 18],
    ]
    return computed, expected
