//! Rolling and recursive kernels over time x asset arrays of `f64`.
//!
//! Time runs along axis 0, assets along axis 1. Every kernel obeys the same rules:
//!
//! * **Missing values.** NaN and the two infinities are missing: they enter no sum and no count,
//!   so that one bad price cannot spoil a later result.
//! * **Causality.** A result depends on its own row and on earlier rows only, down to the last bit.
//! * **Determinism.** A result depends neither on the number of threads, nor on the instruction
//!   set, nor on the memory layout, nor on the other columns: a column of a matrix gives the
//!   bits that the same series gives alone.
//!
//! Rolling kernels ([`rolling`]) build the aggregate of a window by doubling: the aggregates of
//! all blocks of 2, 4, 8, ... rows come from adding neighbouring blocks of half that length, and a
//! window is the union of the blocks named by the binary digits of its length. Nothing is ever
//! subtracted from a running total, so nothing drifts; each pass is a loop without a carried
//! dependency, so it vectorises; and the rounding error grows with the logarithm of the window.

mod error;
mod pool;
mod recursive;
mod rolling;
mod simd;

pub use error::{Error, Result};
pub use recursive::ewm::{Decay, EwmMean, EwmVar};
pub use recursive::paths::{CumulativeReturns, Drawdown};
pub use recursive::sweep::{Recursion, run as sweep};
pub use recursive::trend::Macd;
pub use recursive::wilder::{Atr, Rsi};
pub use rolling::comoments::{Comoment, Comoments};
pub use rolling::extrema::{Extrema, Extremum};
pub use rolling::median::Median;
pub use rolling::moments::{Moment, Moments};
pub use rolling::sums::{Sum, Sums};
pub use rolling::tiles::{Rolling, run as roll};
pub use rolling::window::Window;
