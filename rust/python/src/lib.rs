//! The compiled module `rustybt._rustybt`: the kernels of `rustybt-kernels` for numpy arrays.
//!
//! `rustybt.indicators` is the public face; it converts what users pass and words the errors about
//! types. Here arrays are `float64` already. Kernels run without the interpreter's lock.

mod bridge;
mod fingerprint;
mod recursive;
mod rolling;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _rustybt {
    #[pymodule_export]
    use crate::recursive::{atr, cumulative_returns, drawdown, ewm_mean, ewm_var, macd, rsi};
    #[pymodule_export]
    use crate::rolling::{
        bollinger_bands, rolling_beta, rolling_corr, rolling_cov, rolling_max, rolling_mean,
        rolling_median, rolling_min, rolling_std, rolling_sum, rolling_var, rolling_zscore,
    };
}
