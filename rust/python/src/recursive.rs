//! Recursive kernels.

use pyo3::prelude::*;
use rustybt_kernels::{
    Atr, CumulativeReturns, Decay, Drawdown, EwmMean, EwmVar, Macd, Recursion, Rsi, Window, sweep,
};

use crate::bridge::{Array, Output, Series, value_error};

fn one<'py>(values: &Array<'py>, kernel: &impl Recursion<1, 1>) -> PyResult<Output<'py>> {
    let series = Series::new(["values"], [values])?;
    let [result] = series.compute(values.py(), |sources, outputs| {
        sweep(kernel, sources, outputs);
    })?;
    Ok(result)
}

/// Exponentially weighted mean.
#[pyfunction]
#[pyo3(signature = (values, alpha, adjust=true, ignore_na=false, min_periods=1))]
pub fn ewm_mean(
    values: Array<'_>,
    alpha: f64,
    adjust: bool,
    ignore_na: bool,
    min_periods: usize,
) -> PyResult<Output<'_>> {
    let decay = Decay::new(alpha, adjust, ignore_na, min_periods).map_err(value_error)?;
    one(&values, &EwmMean(decay))
}

/// Exponentially weighted variance.
#[pyfunction]
#[pyo3(signature = (values, alpha, adjust=true, ignore_na=false, min_periods=1, bias=false))]
pub fn ewm_var(
    values: Array<'_>,
    alpha: f64,
    adjust: bool,
    ignore_na: bool,
    min_periods: usize,
    bias: bool,
) -> PyResult<Output<'_>> {
    let decay = Decay::new(alpha, adjust, ignore_na, min_periods).map_err(value_error)?;
    one(&values, &EwmVar { decay, bias })
}

/// Wilder's relative strength index.
#[pyfunction]
#[pyo3(signature = (values, window, min_periods=None))]
pub fn rsi(values: Array<'_>, window: usize, min_periods: Option<usize>) -> PyResult<Output<'_>> {
    let rows = Series::new(["values"], [&values])?.rows();
    let window = Window::new(window, min_periods, rows).map_err(value_error)?;
    one(&values, &Rsi::new(window))
}

/// Wilder's average true range.
#[pyfunction]
#[pyo3(signature = (high, low, close, window, min_periods=None))]
pub fn atr<'py>(
    high: Array<'py>,
    low: Array<'py>,
    close: Array<'py>,
    window: usize,
    min_periods: Option<usize>,
) -> PyResult<Output<'py>> {
    let series = Series::new(["high", "low", "close"], [&high, &low, &close])?;
    let window = Window::new(window, min_periods, series.rows()).map_err(value_error)?;
    let kernel = Atr::new(window);
    let [result] = series.compute(high.py(), |sources, outputs| {
        sweep(&kernel, sources, outputs);
    })?;
    Ok(result)
}

/// MACD line, signal line and histogram.
#[pyfunction]
#[pyo3(signature = (values, fast, slow, signal, min_periods))]
pub fn macd(
    values: Array<'_>,
    fast: usize,
    slow: usize,
    signal: usize,
    min_periods: usize,
) -> PyResult<(Output<'_>, Output<'_>, Output<'_>)> {
    let kernel = Macd::new(fast, slow, signal, min_periods).map_err(value_error)?;
    let series = Series::new(["values"], [&values])?;
    let [line, signal, histogram] = series.compute(values.py(), |sources, outputs| {
        sweep(&kernel, sources, outputs);
    })?;
    Ok((line, signal, histogram))
}

/// Fall below the highest value so far.
#[pyfunction]
#[pyo3(signature = (values, min_periods=1))]
pub fn drawdown(values: Array<'_>, min_periods: usize) -> PyResult<Output<'_>> {
    one(&values, &Drawdown { min_periods })
}

/// Compounded growth of returns.
#[pyfunction]
#[pyo3(signature = (values, min_periods=1))]
pub fn cumulative_returns(values: Array<'_>, min_periods: usize) -> PyResult<Output<'_>> {
    one(&values, &CumulativeReturns { min_periods })
}
