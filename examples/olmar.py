"""On-line moving average reversion on the nine stocks.

OLMAR-1 of Bin Li and Steven C. H. Hoi, "On-Line Portfolio Selection with Moving Average
Reversion", ICML 2012, arXiv:1206.4626. The next price relative of a stock is predicted as its
moving average divided by its price (equation 1). If the portfolio's predicted return is below
EPSILON, the weights move the least that brings it there (algorithm 2), and are projected onto the
simplex: none negative, one in sum.
Run it with ``rustybt run examples/olmar.py --start 2005-01-03 --end 2012-12-31``.
"""

import numpy as np

from rustybt.api import order_target_percent, record, set_commission, symbols
from rustybt.finance import commission

WINDOW = 5
EPSILON = 1.02


def initialize(context):
    """Begin with equal weights."""
    context.stocks = symbols("AAPL", "AMD", "CERN", "COST", "DELL", "GPS", "INTC", "MMM", "MSFT")
    context.weights = np.full(len(context.stocks), 1 / len(context.stocks))
    set_commission(commission.PerShare(cost=0.001))


def handle_data(context, data):
    """Update the weights by the day's prediction and order what they ask for."""
    stocks = [stock for stock in context.stocks if data.can_trade(stock)]
    if len(stocks) < len(context.stocks):
        kept = [context.stocks.index(stock) for stock in stocks]
        context.weights = project(context.weights[kept])
        context.stocks = stocks
    prices = data.history(stocks, "price", WINDOW, "1d")
    predicted = (prices.mean() / prices.iloc[-1]).to_numpy()
    if np.isnan(predicted).any():
        return
    context.weights = update(context.weights, predicted)
    for stock, weight in zip(stocks, context.weights, strict=True):
        order_target_percent(stock, weight)
    record(predicted=float(context.weights @ predicted), largest=float(context.weights.max()))


def update(weights, predicted):
    """Return the weights nearest to `weights` whose predicted return is EPSILON, projected."""
    deviation = predicted - predicted.mean()
    norm = deviation @ deviation
    if norm == 0:
        return weights
    step = max(0.0, (EPSILON - weights @ predicted) / norm)
    return project(weights + step * deviation)


def project(vector):
    """Return the nearest point of the simplex (Duchi et al., ICML 2008, figure 1)."""
    descending = np.sort(vector)[::-1]
    excess = np.cumsum(descending) - 1
    last = np.flatnonzero(descending * np.arange(1, len(vector) + 1) > excess)[-1]
    return np.maximum(vector - excess[last] / (last + 1), 0.0)
