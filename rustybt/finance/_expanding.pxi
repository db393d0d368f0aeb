# Risk figures over ever longer windows: each row is that of all rows up to it.

from libc.math cimport fmax, fmin, pow, sqrt

cdef double DAYS = 252.0


def expanding_volatility(const double[:] returns not None):
    """Annualised standard deviation of daily returns up to each day.

    The recurrence of Welford, so that no digits are lost to the difference of large sums; the
    formula is ``empyrical.annual_volatility``'s: ``std(r, ddof=1) * sqrt(252)``.

    Parameters
    ----------
    returns : ndarray of float64, shape (days,)
        Daily returns, 0.01 being one per cent; NaN is left out.

    Returns
    -------
    ndarray of float64, shape (days,)
        NaN where fewer than two returns are known.
    """
    result = np.empty(returns.shape[0])
    cdef double[::1] out = result
    cdef double mean = 0.0
    cdef double squares = 0.0
    cdef double known = 0.0
    cdef double change
    cdef Py_ssize_t day
    for day in range(returns.shape[0]):
        if not isnan(returns[day]):
            known += 1.0
            change = returns[day] - mean
            mean += change / known
            squares += change * (returns[day] - mean)
        out[day] = sqrt(squares / (known - 1.0)) * sqrt(DAYS) if known > 1.0 else NAN
    return result


def expanding_sharpe(const double[:] returns not None):
    """Annualised Sharpe ratio of daily returns up to each day, without a risk-free rate.

    The formula is ``empyrical.sharpe_ratio``'s: ``mean(r) / std(r, ddof=1) * sqrt(252)``; equal
    returns have no deviation at all.

    Parameters
    ----------
    returns : ndarray of float64, shape (days,)
        Daily returns; NaN is left out.

    Returns
    -------
    ndarray of float64, shape (days,)
        NaN where fewer than two returns are known or all are zero, infinite where all are equal.
    """
    result = np.empty(returns.shape[0])
    cdef double[::1] out = result
    cdef double mean = 0.0
    cdef double squares = 0.0
    cdef double known = 0.0
    cdef double least = INFINITY
    cdef double most = -INFINITY
    cdef double change
    cdef double deviation
    cdef Py_ssize_t day
    for day in range(returns.shape[0]):
        if not isnan(returns[day]):
            known += 1.0
            change = returns[day] - mean
            mean += change / known
            squares += change * (returns[day] - mean)
            least = fmin(least, returns[day])
            most = fmax(most, returns[day])
        if known < 2.0:
            out[day] = NAN
            continue
        deviation = 0.0 if least == most else sqrt(squares / (known - 1.0))
        out[day] = mean / deviation * sqrt(DAYS)
    return result


def expanding_sortino(const double[:] returns not None):
    """Annualised Sortino ratio of daily returns up to each day, against a required return of 0.

    The formula is ``empyrical.sortino_ratio``'s: ``mean(r) * 252`` by the downside risk,
    ``sqrt(mean(min(r, 0)**2)) * sqrt(252)``.

    Parameters
    ----------
    returns : ndarray of float64, shape (days,)
        Daily returns; NaN is left out.

    Returns
    -------
    ndarray of float64, shape (days,)
        NaN on the first day and where all returns are zero, infinite where none is below zero.
    """
    result = np.empty(returns.shape[0])
    cdef double[::1] out = result
    cdef double mean = 0.0
    cdef double losses = 0.0
    cdef double known = 0.0
    cdef Py_ssize_t day
    for day in range(returns.shape[0]):
        if not isnan(returns[day]):
            known += 1.0
            mean += (returns[day] - mean) / known
            if returns[day] < 0.0:
                losses += returns[day] * returns[day]
        if day == 0 or known == 0.0:
            out[day] = NAN
            continue
        out[day] = mean * DAYS / (sqrt(losses / known) * sqrt(DAYS))
    return result


def expanding_max_drawdown(const double[:] returns not None):
    """Deepest fall of the compounded value below its highest so far, up to each day.

    The formula is ``empyrical.max_drawdown``'s; the value before the first day counts as well.

    Parameters
    ----------
    returns : ndarray of float64, shape (days,)
        Daily returns; NaN changes nothing.

    Returns
    -------
    ndarray of float64, shape (days,)
        0 where there was no fall, -0.25 for a quarter.
    """
    result = np.empty(returns.shape[0])
    cdef double[::1] out = result
    cdef double value = 1.0
    cdef double peak = 1.0
    cdef double deepest = 0.0
    cdef Py_ssize_t day
    for day in range(returns.shape[0]):
        if not isnan(returns[day]):
            value *= 1.0 + returns[day]
        peak = fmax(peak, value)
        deepest = fmin(deepest, (value - peak) / peak)
        out[day] = deepest
    return result


def expanding_alpha_beta(const double[:] returns not None, const double[:] benchmark not None):
    """Annualised alpha, and beta, of daily returns against a benchmark's, up to each day.

    The formulas are ``empyrical.alpha_beta_aligned``'s: beta is ``cov(r, b) / var(b)``, alpha is
    ``(1 + mean(r - beta * b))**252 - 1``. Days on which either return is NaN are left out.

    Parameters
    ----------
    returns, benchmark : ndarray of float64, shape (days,)
        Daily returns.

    Returns
    -------
    tuple of ndarray of float64, each of shape (days,)
        Alpha and beta, NaN where the benchmark's variance is below 1e-30.

    Raises
    ------
    ValueError
        If there are not as many returns of the benchmark.
    """
    if returns.shape[0] != benchmark.shape[0]:
        raise ValueError(
            f"returns and those of the benchmark must be of the same days, got "
            f"{returns.shape[0]} and {benchmark.shape[0]}"
        )
    alphas = np.empty(returns.shape[0])
    betas = np.empty(returns.shape[0])
    cdef double[::1] alpha = alphas
    cdef double[::1] beta = betas
    cdef double mean = 0.0
    cdef double factor_mean = 0.0
    cdef double products = 0.0
    cdef double squares = 0.0
    cdef double known = 0.0
    cdef double change
    cdef Py_ssize_t day
    for day in range(returns.shape[0]):
        if not (isnan(returns[day]) or isnan(benchmark[day])):
            known += 1.0
            change = benchmark[day] - factor_mean
            factor_mean += change / known
            mean += (returns[day] - mean) / known
            squares += change * (benchmark[day] - factor_mean)
            products += change * (returns[day] - mean)
        if known == 0.0 or squares / known < 1e-30:
            alpha[day] = beta[day] = NAN
            continue
        beta[day] = products / squares
        alpha[day] = pow(1.0 + mean - beta[day] * factor_mean, DAYS) - 1.0
    return alphas, betas


def minute_annual_volatility(
    const int64_t[:] date_labels not None,
    const double[:] minute_returns not None,
    const double[:] daily_returns not None,
):
    """Annualised volatility up to each minute, of the days before and the day so far.

    Parameters
    ----------
    date_labels : ndarray of int64, shape (minutes,)
        A number for each minute, equal for those of the same day.
    minute_returns : ndarray of float64, shape (minutes,)
        Returns of the minutes.
    daily_returns : ndarray of float64, shape (days,)
        Returns of the days.

    Returns
    -------
    ndarray of float64, shape (minutes,)
        NaN on the first day.

    Raises
    ------
    ValueError
        If there are not as many labels as returns of minutes, or more days than their returns.
    """
    if date_labels.shape[0] != minute_returns.shape[0]:
        raise ValueError(
            f"date_labels and minute_returns must be of the same minutes, got "
            f"{date_labels.shape[0]} and {minute_returns.shape[0]}"
        )
    result = np.empty(minute_returns.shape[0])
    cdef double[::1] out = result
    cdef double mean = 0.0
    cdef double squares = 0.0
    cdef double today = 1.0
    cdef double change
    cdef Py_ssize_t days = 0
    cdef Py_ssize_t minute
    for minute in range(minute_returns.shape[0]):
        if minute and date_labels[minute] != date_labels[minute - 1]:
            if days == daily_returns.shape[0]:
                raise ValueError(f"date_labels has more than the {days} days of daily_returns")
            days += 1
            change = daily_returns[days - 1] - mean
            mean += change / days
            squares += change * (daily_returns[days - 1] - mean)
            today = 1.0
        today *= 1.0 + minute_returns[minute]
        if days == 0:
            out[minute] = NAN
            continue
        change = today - 1.0 - mean
        out[minute] = sqrt((squares + change * change * days / (days + 1)) / days) * sqrt(DAYS)
    return result
