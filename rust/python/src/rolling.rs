//! Rolling kernels.

use pyo3::prelude::*;
use rustybt_kernels::{
    Comoment, Comoments, Extrema, Extremum, Median, Moment, Moments, Rolling, Sum, Sums, Window,
    roll,
};

use crate::bridge::{Array, Output, Series, value_error};

fn one<'py>(
    values: &Array<'py>,
    window: usize,
    min_periods: Option<usize>,
    kernel: &impl Rolling<1>,
) -> PyResult<Output<'py>> {
    let series = Series::new(["values"], [values])?;
    let window = Window::new(window, min_periods, series.rows()).map_err(value_error)?;
    let [result] = series.compute(values.py(), |sources, [out]| {
        roll(kernel, sources, window, out);
    })?;
    Ok(result)
}

fn two<'py>(
    left: &Array<'py>,
    right: &Array<'py>,
    window: usize,
    min_periods: Option<usize>,
    kernel: &Comoments,
) -> PyResult<Output<'py>> {
    let series = Series::new(["left", "right"], [left, right])?;
    let window = Window::new(window, min_periods, series.rows()).map_err(value_error)?;
    let [result] = series.compute(left.py(), |sources, [out]| {
        roll(kernel, sources, window, out);
    })?;
    Ok(result)
}

macro_rules! plain {
    ($($(#[$doc:meta])* $name:ident => $kernel:expr;)*) => {$(
        $(#[$doc])*
        #[pyfunction]
        #[pyo3(signature = (values, window, min_periods=None))]
        pub fn $name(
            values: Array<'_>,
            window: usize,
            min_periods: Option<usize>,
        ) -> PyResult<Output<'_>> {
            one(&values, window, min_periods, &$kernel)
        }
    )*};
}

plain! {
    /// Sum of the values in the window.
    rolling_sum => Sums(Sum::Sum);
    /// Mean of the values in the window.
    rolling_mean => Sums(Sum::Mean);
    /// Least value in the window.
    rolling_min => Extrema(Extremum::Min);
    /// Greatest value in the window.
    rolling_max => Extrema(Extremum::Max);
    /// Median of the values in the window.
    rolling_median => Median;
}

macro_rules! moment {
    ($($(#[$doc:meta])* $name:ident => $moment:expr;)*) => {$(
        $(#[$doc])*
        #[pyfunction]
        #[pyo3(signature = (values, window, min_periods=None, ddof=1))]
        pub fn $name(
            values: Array<'_>,
            window: usize,
            min_periods: Option<usize>,
            ddof: usize,
        ) -> PyResult<Output<'_>> {
            one(&values, window, min_periods, &Moments { moment: $moment, ddof })
        }
    )*};
}

moment! {
    /// Variance of the values in the window.
    rolling_var => Moment::Var;
    /// Standard deviation of the values in the window.
    rolling_std => Moment::Std;
    /// Distance of the last value from the window's mean, in standard deviations.
    rolling_zscore => Moment::ZScore;
}

/// Covariance of two series over the window.
#[pyfunction]
#[pyo3(signature = (left, right, window, min_periods=None, ddof=1))]
pub fn rolling_cov<'py>(
    left: Array<'py>,
    right: Array<'py>,
    window: usize,
    min_periods: Option<usize>,
    ddof: usize,
) -> PyResult<Output<'py>> {
    two(
        &left,
        &right,
        window,
        min_periods,
        &Comoments {
            comoment: Comoment::Cov,
            ddof,
        },
    )
}

/// Correlation of two series over the window.
#[pyfunction]
#[pyo3(signature = (left, right, window, min_periods=None))]
pub fn rolling_corr<'py>(
    left: Array<'py>,
    right: Array<'py>,
    window: usize,
    min_periods: Option<usize>,
) -> PyResult<Output<'py>> {
    two(
        &left,
        &right,
        window,
        min_periods,
        &Comoments {
            comoment: Comoment::Corr,
            ddof: 0,
        },
    )
}

/// Slope of the regression of `left` on `right` over the window.
#[pyfunction]
#[pyo3(signature = (left, right, window, min_periods=None))]
pub fn rolling_beta<'py>(
    left: Array<'py>,
    right: Array<'py>,
    window: usize,
    min_periods: Option<usize>,
) -> PyResult<Output<'py>> {
    two(
        &left,
        &right,
        window,
        min_periods,
        &Comoments {
            comoment: Comoment::Beta,
            ddof: 0,
        },
    )
}

/// Upper, middle and lower Bollinger band.
#[pyfunction]
#[pyo3(signature = (values, window, deviations, min_periods=None, ddof=0))]
pub fn bollinger_bands(
    values: Array<'_>,
    window: usize,
    deviations: f64,
    min_periods: Option<usize>,
    ddof: usize,
) -> PyResult<(Output<'_>, Output<'_>, Output<'_>)> {
    let series = Series::new(["values"], [&values])?;
    let window = Window::new(window, min_periods, series.rows()).map_err(value_error)?;
    let [upper, middle, lower] = series.compute(
        values.py(),
        |sources, [mut upper, mut middle, mut lower]| {
            roll(&Sums(Sum::Mean), sources, window, middle.view_mut());
            let deviation = Moments {
                moment: Moment::Std,
                ddof,
            };
            roll(&deviation, sources, window, upper.view_mut());
            upper.zip_mut_with(&middle, |upper, middle| {
                *upper = middle + deviations * *upper;
            });
            lower.assign(&middle);
            // The lower band lies as far below the middle as the upper one lies above it.
            lower.zip_mut_with(&upper, |lower, upper| *lower -= upper - *lower);
        },
    )?;
    Ok((upper, middle, lower))
}
