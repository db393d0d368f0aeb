//! Wilder's indicators: relative strength index and average true range (Wilder, 1978).

use super::sweep::{Recursion, all_present};
use crate::rolling::window::Window;

/// Wilder's average: the mean of the first `window` values, then a decay of `1 - 1/window`.
#[derive(Clone, Copy)]
struct Smoothing {
    window: f64,
    keep: f64,
    gain: f64,
    required: f64,
}

impl Smoothing {
    fn new(window: Window) -> Self {
        let length = window.length as f64;
        Self {
            window: length,
            keep: (length - 1.0) / length,
            gain: 1.0 / length,
            required: window.required(),
        }
    }

    /// The average after the `count`-th value, given the one before it.
    #[inline(always)]
    fn step(&self, average: f64, value: f64, count: f64) -> f64 {
        if count > self.window {
            self.decayed(average, value)
        } else {
            average + (value - average) / count
        }
    }

    #[inline(always)]
    fn decayed(&self, average: f64, value: f64) -> f64 {
        average * self.keep + value * self.gain
    }
}

/// Relative strength index, 0 to 100; NaN where prices have not moved at all.
///
/// Changes run from one price that is not missing to the next; a missing row gives NaN.
pub struct Rsi(Smoothing);

impl Rsi {
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self(Smoothing::new(window))
    }
}

pub struct RsiState<const N: usize> {
    last: [f64; N],
    gains: [f64; N],
    losses: [f64; N],
    count: [f64; N],
}

#[inline(always)]
fn index(gains: f64, losses: f64) -> f64 {
    100.0 * gains / (gains + losses)
}

impl Recursion<1, 1> for Rsi {
    type State<const N: usize> = RsiState<N>;

    fn start<const N: usize>(&self) -> RsiState<N> {
        RsiState {
            last: [f64::NAN; N],
            gains: [0.0; N],
            losses: [0.0; N],
            count: [0.0; N],
        }
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut RsiState<N>,
        [x]: [&[[f64; N]]; 1],
        [out]: [&mut [[f64; N]]; 1],
    ) {
        let smoothing = self.0;
        let grown = state.count.iter().all(|count| *count >= smoothing.window);
        let RsiState {
            last,
            gains,
            losses,
            count,
        } = state;
        if grown && all_present(x) {
            for (out, x) in out.iter_mut().zip(x) {
                for j in 0..N {
                    let change = x[j] - last[j];
                    last[j] = x[j];
                    gains[j] = smoothing.decayed(gains[j], change.max(0.0));
                    losses[j] = smoothing.decayed(losses[j], (-change).max(0.0));
                    out[j] = index(gains[j], losses[j]);
                }
            }
            return;
        }
        for (out, x) in out.iter_mut().zip(x) {
            for j in 0..N {
                let change = x[j] - last[j];
                let present = !x[j].is_nan();
                let changed = !change.is_nan();
                count[j] += f64::from(u8::from(changed));
                let gain = smoothing.step(gains[j], change.max(0.0), count[j]);
                let loss = smoothing.step(losses[j], (-change).max(0.0), count[j]);
                gains[j] = if changed { gain } else { gains[j] };
                losses[j] = if changed { loss } else { losses[j] };
                last[j] = if present { x[j] } else { last[j] };
                let shown = present & (count[j] >= smoothing.required);
                out[j] = if shown {
                    index(gains[j], losses[j])
                } else {
                    f64::NAN
                };
            }
        }
    }
}

/// Average true range of (high, low, close).
///
/// The first true range is that of the second bar, which has a close before it. A bar with a
/// missing value is passed over and gives NaN.
pub struct Atr(Smoothing);

impl Atr {
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self(Smoothing::new(window))
    }
}

pub struct AtrState<const N: usize> {
    close: [f64; N],
    average: [f64; N],
    count: [f64; N],
}

impl Recursion<3, 1> for Atr {
    type State<const N: usize> = AtrState<N>;

    fn start<const N: usize>(&self) -> AtrState<N> {
        AtrState {
            close: [f64::NAN; N],
            average: [0.0; N],
            count: [0.0; N],
        }
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut AtrState<N>,
        [high, low, close]: [&[[f64; N]]; 3],
        [out]: [&mut [[f64; N]]; 1],
    ) {
        let smoothing = self.0;
        for (((out, high), low), close) in out.iter_mut().zip(high).zip(low).zip(close) {
            for j in 0..N {
                let present = !(high[j] + low[j] + close[j]).is_nan();
                let before = state.close[j];
                let reach = (high[j] - before).abs().max((low[j] - before).abs());
                let range = (high[j] - low[j]).max(reach);
                let ranged = present & !before.is_nan();
                state.count[j] += f64::from(u8::from(ranged));
                let average = smoothing.step(state.average[j], range, state.count[j]);
                state.average[j] = if ranged { average } else { state.average[j] };
                state.close[j] = if present { close[j] } else { before };
                let shown = present & (state.count[j] >= smoothing.required);
                out[j] = if shown { state.average[j] } else { f64::NAN };
            }
        }
    }
}
