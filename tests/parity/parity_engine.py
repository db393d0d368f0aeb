"""One engine, Zipline's or rustybt: the same ingest, the same strategies, the same results."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator

    from parity_cases import Case
    from parity_data import DataSet

IMPORT = re.compile(r"^(\s*(?:from|import) )rustybt\b", re.MULTILINE)
ARRAYS = ("transactions", "orders", "positions")


class Engine:
    """A package that speaks Zipline's API, with a folder for its bundles.

    Parameters
    ----------
    root : str
        The package: "rustybt" or "zipline".
    home : Path
        The folder where its bundles are kept.
    """

    def __init__(self, root: str, home: Path) -> None:
        self.root = root
        self.environ = {**os.environ, "ZIPLINE_ROOT": str(home), "RUSTYBT_ROOT": str(home)}
        self._bundles: set[str] = set()

    def module(self, name: str) -> Any:
        """Import a module of the package."""
        return importlib.import_module(f"{self.root}.{name}")

    def calendar(self, name: str) -> Any:
        """Return a trading calendar as the package makes it."""
        return self.module("utils.calendar_utils").get_calendar(name)

    def ingest(self, data: DataSet) -> None:
        """Register a data set as a bundle and ingest it, once."""
        if data.name in self._bundles:
            return

        def write(
            _environ: Any,
            asset_db_writer: Any,
            minute_bar_writer: Any,
            daily_bar_writer: Any,
            adjustment_writer: Any,
            *_: Any,
        ) -> None:
            from parity_data import EXCHANGES

            asset_db_writer.write(
                equities=data.equities,
                futures=data.futures,
                root_symbols=data.root_symbols,
                exchanges=EXCHANGES,
            )
            daily_bar_writer.write((sid, frame.copy()) for sid, frame in data.daily.items())
            if data.minute:
                minute_bar_writer.write((sid, frame.copy()) for sid, frame in data.minute.items())
            adjustment_writer.write(
                splits=data.splits,
                mergers=data.mergers,
                dividends=data.dividends,
                stock_dividends=data.stock_dividends,
            )

        bundles = self.module("data.bundles")
        bundles.register(
            data.name,
            write,
            calendar_name=data.calendar,
            start_session=data.sessions[0],
            end_session=data.sessions[-1],
        )
        bundles.ingest(data.name, environ=self.environ)
        self._bundles.add(data.name)

    def strategy(self, path: Path, settings: dict[str, Any] | None = None) -> dict[str, Any]:
        """Execute a strategy's file with this package's imports; return what it defines."""
        source = IMPORT.sub(rf"\g<1>{self.root}", path.read_text(encoding="utf-8"))
        namespace: dict[str, Any] = {"__name__": path.stem, "__file__": str(path)}
        exec(compile(source, path, "exec"), namespace)  # noqa: S102
        namespace.update(settings or {})
        return namespace

    def run(self, case: Case) -> Any:
        """Run a case; return its perf frame."""
        namespace = self.strategy(case.path, case.settings)
        hooks: dict[str, Any] = {
            name: namespace[name]
            for name in ("initialize", "handle_data", "before_trading_start")
            if name in namespace
        }
        calendar = self.calendar(case.calendar)
        if case.capital_changes:
            return self._run_with_capital_changes(case, hooks, calendar)
        returns = case.benchmark_returns
        loader = namespace.get("custom_loader")
        return importlib.import_module(self.root).run_algorithm(
            start=pd.Timestamp(case.start),
            end=pd.Timestamp(case.end),
            capital_base=case.capital_base,
            data_frequency=case.frequency,
            bundle=case.bundle,
            trading_calendar=calendar,
            benchmark_returns=None if returns is None else returns(),
            metrics_set=case.metrics_set,
            default_extension=False,
            environ=self.environ,
            custom_loader=None if loader is None else loader(),
            **hooks,
        )

    def run_functions(self, data: DataSet, start: pd.Timestamp, **arguments: Any) -> pd.DataFrame:
        """Run functions on an ingested data set, from a session to its last."""
        perf: pd.DataFrame = importlib.import_module(self.root).run_algorithm(
            start=start,
            end=data.sessions[-1],
            bundle=data.name,
            trading_calendar=self.calendar(data.calendar),
            default_extension=False,
            environ=self.environ,
            **arguments,
        )
        return perf

    def _run_with_capital_changes(self, case: Case, hooks: dict[str, Any], calendar: Any) -> Any:
        """Build the algorithm by hand: run_algorithm has no parameter for capital changes."""
        bundle = self.module("data.bundles").load(case.bundle, self.environ)
        portal = self.module("data.data_portal").DataPortal(
            bundle.asset_finder,
            trading_calendar=calendar,
            first_trading_day=bundle.equity_daily_bar_reader.first_trading_day,
            equity_daily_reader=bundle.equity_daily_bar_reader,
            adjustment_reader=bundle.adjustment_reader,
        )
        parameters = self.module("finance.trading").SimulationParameters(
            start_session=pd.Timestamp(case.start),
            end_session=pd.Timestamp(case.end),
            trading_calendar=calendar,
            capital_base=case.capital_base,
            data_frequency=case.frequency,
        )
        sessions = calendar.sessions_in_range(case.start, case.end)
        algorithm = self.module("algorithm").TradingAlgorithm(
            sim_params=parameters,
            data_portal=portal,
            trading_calendar=calendar,
            capital_changes={
                pd.Timestamp(day, tz="UTC"): change for day, change in case.capital_changes.items()
            },
            benchmark_returns=pd.Series(0.0, index=sessions),
            **hooks,
        )
        try:
            return algorithm.run()
        finally:
            if hasattr(bundle, "close"):  # Zipline's has no way to be closed
                bundle.close()


def condense(perf: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return a perf frame as plain columns, the same for both engines.

    Numeric columns are float64 named "perf/...", those of the lists of orders, transactions and
    positions are flat and named "orders/...", with the session's ordinal. Orders are numbered as
    they appear: their ids are of no meaning.
    """
    columns: dict[str, np.ndarray] = {
        "sessions": pd.DatetimeIndex(perf.index)
        .tz_localize(None)
        .to_numpy()
        .astype("M8[D]")
        .astype(np.int32)
    }
    for name in sorted(perf.columns):
        values = numeric(perf[name])
        if values is not None:
            columns[f"perf/{name}"] = values
    for name in ("period_open", "period_close"):
        times = pd.DatetimeIndex(perf[name]).tz_convert("UTC")
        columns[f"perf/{name}"] = minutes_of(times).astype(np.float64)
    columns["period_label"] = perf["period_label"].to_numpy(dtype=str)
    numbers: dict[str, int] = {}
    for name, rows in (
        ("orders", order_rows(perf["orders"], numbers)),
        ("transactions", transaction_rows(perf["transactions"], numbers)),
        ("positions", position_rows(perf["positions"])),
    ):
        for column, entries in pd.DataFrame(list(rows)).items():
            columns[f"{name}/{column}"] = compact(entries)
    return columns


def numeric(column: pd.Series) -> np.ndarray | None:
    """Return a column as float64 (None as NaN), or None if it holds anything but numbers."""
    if column.dtype.kind in "fiub":
        return column.to_numpy(dtype=np.float64)
    if column.dtype.kind != "O":
        return None
    kinds = (int, float, np.number, np.bool_, type(None))
    if all(isinstance(value, kinds) for value in column):
        return np.array([np.nan if value is None else float(value) for value in column])
    return None


def compact(values: pd.Series) -> np.ndarray:
    """Return a column of rows as text, float64, or whole numbers of 32 bits where they fit."""
    if not pd.api.types.is_numeric_dtype(values):
        return values.to_numpy(dtype=str)
    array = values.to_numpy()
    return array.astype(np.int32) if array.dtype.kind == "i" else array.astype(np.float64)


def minutes_of(times: pd.DatetimeIndex) -> np.ndarray:
    """Return whole minutes since 1970."""
    return times.as_unit("ns").asi8 // 60_000_000_000


def minute_of(time: pd.Timestamp) -> int:
    """Return whole minutes since 1970."""
    return time.as_unit("ns").value // 60_000_000_000


def order_rows(column: pd.Series, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield an order's state in each session that reports it."""
    for session, orders in enumerate(column):
        for order in orders:
            yield {
                "session": session,
                "order": numbers.setdefault(order["id"], len(numbers)),
                "asset": symbol_of(order["sid"]),
                "created": minute_of(order["created"]),
                "dt": minute_of(order["dt"]),
                "amount": order["amount"],
                "filled": order["filled"],
                "commission": float(order["commission"]),
                "limit": optional(order["limit"]),
                "stop": optional(order["stop"]),
                "limit_reached": int(order["limit_reached"]),
                "stop_reached": int(order["stop_reached"]),
                "status": int(order["status"]),
                "reason": order["reason"] or "",
            }


def transaction_rows(column: pd.Series, numbers: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the transactions of each session."""
    for session, transactions in enumerate(column):
        for transaction in transactions:
            # An expired contract's closing transaction has no order.
            number = -1 if transaction["order_id"] is None else numbers[transaction["order_id"]]
            yield {
                "session": session,
                "order": number,
                "asset": symbol_of(transaction["sid"]),
                "dt": minute_of(transaction["dt"]),
                "amount": int(transaction["amount"]),
                "price": float(transaction["price"]),
                "commission": optional(transaction["commission"]),
            }


def position_rows(column: pd.Series) -> Iterator[dict[str, Any]]:
    """Yield the positions at each session's end, by symbol."""
    for session, positions in enumerate(column):
        for position in sorted(positions, key=lambda row: symbol_of(row["sid"])):
            yield {
                "session": session,
                "asset": symbol_of(position["sid"]),
                "amount": position["amount"],
                "cost_basis": float(position["cost_basis"]),
                "last_sale_price": float(position["last_sale_price"]),
            }


def symbol_of(asset: Any) -> str:
    """Return the symbol of an asset."""
    return str(asset.symbol)


def optional(value: float | None) -> float:
    """Return a number, NaN for none."""
    return np.nan if value is None else float(value)
