//! Moving average convergence/divergence.

use super::ewm::{Decay, MeanState};
use super::sweep::Recursion;
use crate::error::{Error, Result};

/// MACD line, signal line and histogram, from exponential means `2 / (span + 1)` that start with
/// the first value. A missing row is passed over and gives NaN.
pub struct Macd {
    fast: Decay,
    slow: Decay,
    signal: Decay,
    line_from: f64,
    signal_from: f64,
}

impl Macd {
    /// # Errors
    ///
    /// If a span is below 1, the fast one is not shorter than the slow one, or `min_periods`
    /// (of the line; the signal needs `signal - 1` more) is below 1.
    pub fn new(fast: usize, slow: usize, signal: usize, min_periods: usize) -> Result<Self> {
        if fast < 1 || signal < 1 || fast >= slow {
            return Err(Error::new(format!(
                "macd needs 1 <= fast < slow and signal >= 1, \
                 got fast={fast}, slow={slow}, signal={signal}"
            )));
        }
        if min_periods < 1 {
            return Err(Error::new("min_periods must be at least 1, got 0"));
        }
        let decay = |span: usize| Decay::new(2.0 / (span as f64 + 1.0), false, true, 1);
        Ok(Self {
            fast: decay(fast)?,
            slow: decay(slow)?,
            signal: decay(signal)?,
            line_from: min_periods as f64,
            signal_from: (min_periods + signal - 1) as f64,
        })
    }
}

pub struct MacdState<const N: usize> {
    fast: MeanState<N>,
    slow: MeanState<N>,
    signal: MeanState<N>,
    count: [f64; N],
}

impl Recursion<1, 3> for Macd {
    type State<const N: usize> = MacdState<N>;

    fn start<const N: usize>(&self) -> MacdState<N> {
        MacdState {
            fast: MeanState::new(),
            slow: MeanState::new(),
            signal: MeanState::new(),
            count: [0.0; N],
        }
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut MacdState<N>,
        [x]: [&[[f64; N]]; 1],
        [lines, signals, histograms]: [&mut [[f64; N]]; 3],
    ) {
        for (row, x) in x.iter().enumerate() {
            let fast = state.fast.step(&self.fast, x, 1.0);
            let slow = state.slow.step(&self.slow, x, 1.0);
            let mut line = [0.0; N];
            for j in 0..N {
                line[j] = if x[j].is_nan() {
                    f64::NAN
                } else {
                    fast[j] - slow[j]
                };
                state.count[j] += f64::from(u8::from(!x[j].is_nan()));
            }
            let signal = state.signal.step(&self.signal, &line, 1.0);
            for j in 0..N {
                let lined = state.count[j] >= self.line_from;
                let signalled = !line[j].is_nan() & (state.count[j] >= self.signal_from);
                lines[row][j] = if lined { line[j] } else { f64::NAN };
                signals[row][j] = if signalled { signal[j] } else { f64::NAN };
                histograms[row][j] = if signalled {
                    line[j] - signal[j]
                } else {
                    f64::NAN
                };
            }
        }
    }
}
