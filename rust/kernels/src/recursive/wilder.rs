//! Wilder's indicators: relative strength index and average true range (Wilder, 1978).

use super::sweep::{Recursion, all_present, in_groups, in_groups_mut};
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

/// Eight decays at once: the average after eight rows waits for one multiplication and one addition
/// of the average before them. Groups start at multiples of eight rows, so an average depends on no
/// later row.
#[derive(Clone, Copy)]
struct Leap {
    weights: [f64; GROUP],
    keep: f64,
}

const GROUP: usize = 8;

impl Leap {
    fn new(smoothing: &Smoothing) -> Self {
        let mut weights = [smoothing.gain; GROUP];
        for i in (0..GROUP - 1).rev() {
            weights[i] = weights[i + 1] * smoothing.keep;
        }
        let square = smoothing.keep * smoothing.keep;
        Self {
            weights,
            keep: (square * square) * (square * square),
        }
    }

    #[inline(always)]
    fn last(&self, average: f64, values: [f64; GROUP]) -> f64 {
        let [a, b, c, d, e, f, g, h]: [f64; GROUP] =
            std::array::from_fn(|i| self.weights[i] * values[i]);
        average * self.keep + (((a + b) + (c + d)) + ((e + f) + (g + h)))
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
        let leap = Leap::new(&smoothing);
        let (groups, rest) = x.split_at(x.len() - x.len() % GROUP);
        let (out_groups, out_rest) = out.split_at_mut(groups.len());
        let groups: &[[[f64; N]; GROUP]] = in_groups(groups);
        let out_groups: &mut [[[f64; N]; GROUP]] = in_groups_mut(out_groups);
        if state.grown(&smoothing) && all_present(x) {
            for (out, x) in out_groups.iter_mut().zip(groups) {
                state.leap(&smoothing, &leap, x, out);
            }
        } else {
            for (out, x) in out_groups.iter_mut().zip(groups) {
                state.group(&smoothing, &leap, x, out);
            }
        }
        for (out, x) in out_rest.iter_mut().zip(rest) {
            *out = state.step(&smoothing, x);
        }
    }
}

impl<const N: usize> RsiState<N> {
    #[inline(always)]
    fn grown(&self, smoothing: &Smoothing) -> bool {
        self.count.iter().all(|count| *count >= smoothing.window)
    }

    /// Takes in a row and gives the indices.
    #[inline(always)]
    fn step(&mut self, smoothing: &Smoothing, x: &[f64; N]) -> [f64; N] {
        let mut out = [f64::NAN; N];
        for j in 0..N {
            let change = x[j] - self.last[j];
            let present = !x[j].is_nan();
            let changed = !change.is_nan();
            self.count[j] += f64::from(u8::from(changed));
            let gain = smoothing.step(self.gains[j], change.max(0.0), self.count[j]);
            let loss = smoothing.step(self.losses[j], (-change).max(0.0), self.count[j]);
            self.gains[j] = if changed { gain } else { self.gains[j] };
            self.losses[j] = if changed { loss } else { self.losses[j] };
            self.last[j] = if present { x[j] } else { self.last[j] };
            let shown = present & (self.count[j] >= smoothing.required);
            out[j] = if shown {
                index(self.gains[j], self.losses[j])
            } else {
                f64::NAN
            };
        }
        out
    }

    /// Takes in a group of rows that are all present, after the first averages.
    #[inline(always)]
    fn leap(
        &mut self,
        smoothing: &Smoothing,
        leap: &Leap,
        x: &[[f64; N]; GROUP],
        out: &mut [[f64; N]; GROUP],
    ) {
        for j in 0..N {
            let mut last = self.last[j];
            let changes: [f64; GROUP] = std::array::from_fn(|i| {
                let change = x[i][j] - last;
                last = x[i][j];
                change
            });
            self.last[j] = last;
            let up = changes.map(|change| change.max(0.0));
            let down = changes.map(|change| (-change).max(0.0));
            let (mut gain, mut loss) = (self.gains[j], self.losses[j]);
            self.gains[j] = leap.last(gain, up);
            self.losses[j] = leap.last(loss, down);
            for i in 0..GROUP - 1 {
                gain = smoothing.decayed(gain, up[i]);
                loss = smoothing.decayed(loss, down[i]);
                out[i][j] = index(gain, loss);
            }
            out[GROUP - 1][j] = index(self.gains[j], self.losses[j]);
        }
    }

    /// Takes in a group of rows, of which any may be missing.
    #[inline(always)]
    fn group(
        &mut self,
        smoothing: &Smoothing,
        leap: &Leap,
        x: &[[f64; N]; GROUP],
        out: &mut [[f64; N]; GROUP],
    ) {
        let (gains, losses, count) = (self.gains, self.losses, self.count);
        let last = self.last;
        for (out, x) in out.iter_mut().zip(x) {
            *out = self.step(smoothing, x);
        }
        for j in 0..N {
            let known = count[j] >= smoothing.window && !last[j].is_nan();
            if !known || x.iter().any(|row| row[j].is_nan()) {
                continue;
            }
            let change = |i: usize| x[i][j] - if i == 0 { last[j] } else { x[i - 1][j] };
            let up = std::array::from_fn(|i| change(i).max(0.0));
            let down = std::array::from_fn(|i| (-change(i)).max(0.0));
            self.gains[j] = leap.last(gains[j], up);
            self.losses[j] = leap.last(losses[j], down);
            out[GROUP - 1][j] = index(self.gains[j], self.losses[j]);
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
