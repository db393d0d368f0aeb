"""Prices, histories and chains of continuous futures, by roll, offset and adjustment."""

from rustybt.api import continuous_future, order, record

SHAPES = [
    ("ES", 0, "calendar", "mul"),
    ("ES", 1, "volume", "add"),
    ("CL", 0, "volume", None),
    ("CL", 1, "calendar", "mul"),
    ("CL", 0, "calendar", "add"),
]


def initialize(context):
    context.futures = {
        f"{root}_{offset}_{roll}_{adjustment}": continuous_future(
            root, offset=offset, roll=roll, adjustment=adjustment
        )
        for root, offset, roll, adjustment in SHAPES
    }


def handle_data(context, data):
    for name, future in context.futures.items():
        window = data.history(future, ["close", "volume"], 15, "1d")
        chain = data.current_chain(future)
        contract = data.current(future, "contract")
        record(
            **{
                f"{name}_price": data.current(future, "price"),
                f"{name}_volume": data.current(future, "volume"),
                f"{name}_contract": contract.sid if contract else 0,
                f"{name}_sum": window["close"].sum(),
                f"{name}_first": window["close"].iloc[0],
                f"{name}_traded": window["volume"].sum(),
                f"{name}_chain": len(chain),
                f"{name}_next": chain[-1].sid if chain else 0,
            }
        )
    both = data.history(list(context.futures.values()), "price", 5, "1d")
    record(both=both.sum().sum())
    order(data.current(context.futures["CL_0_volume_None"], "contract"), 1)
