//! Statistics of the last `window` rows.

pub mod comoments;
pub mod extrema;
pub mod median;
pub mod moments;
pub mod scratch;
pub mod sums;
pub mod tiles;
pub mod window;
