//! How many rows a statistic sees, and how many of them it needs.

use crate::error::{Error, Result};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows in the window.
    pub length: usize,
    /// Values that must not be missing for a result.
    pub min_periods: usize,
}

impl Window {
    /// Checks a window against an array of `rows` rows; `min_periods` defaults to the length.
    ///
    /// # Errors
    ///
    /// If the window is empty or longer than a non-empty array, or if `min_periods` is outside
    /// `1..=length`.
    pub fn new(length: usize, min_periods: Option<usize>, rows: usize) -> Result<Self> {
        if length == 0 {
            return Err(Error::new("window must be at least 1, got 0"));
        }
        if rows > 0 && length > rows {
            return Err(Error::new(format!(
                "window of {length} is larger than the {rows} rows of the array; \
                 pass a window of at most {rows} or more data"
            )));
        }
        let min_periods = min_periods.unwrap_or(length);
        if !(1..=length).contains(&min_periods) {
            return Err(Error::new(format!(
                "min_periods must be between 1 and the window of {length}, got {min_periods}"
            )));
        }
        Ok(Self {
            length,
            min_periods,
        })
    }

    pub(crate) fn required(&self) -> f64 {
        self.min_periods as f64
    }
}
