//! What becomes of a unit of money: cumulative returns and drawdown.

use super::sweep::Recursion;

/// Product of `1 + r` over all rows so far, less 1. A missing row is passed over and gives NaN.
///
/// The sum behind it is compensated (Neumaier, 1974), so that a million returns lose no digits.
pub struct CumulativeReturns {
    pub min_periods: usize,
}

pub struct GrowthState<const N: usize> {
    total: [f64; N],
    lost: [f64; N],
    count: [f64; N],
}

impl Recursion<1, 1> for CumulativeReturns {
    type State<const N: usize> = GrowthState<N>;

    fn start<const N: usize>(&self) -> GrowthState<N> {
        GrowthState {
            total: [0.0; N],
            lost: [0.0; N],
            count: [0.0; N],
        }
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut GrowthState<N>,
        [x]: [&[[f64; N]]; 1],
        [out]: [&mut [[f64; N]]; 1],
    ) {
        let required = self.min_periods as f64;
        for (out, x) in out.iter_mut().zip(x) {
            for j in 0..N {
                let present = !x[j].is_nan();
                let rate = if present { x[j] } else { 0.0 };
                let (total, lost) = (state.total[j], state.lost[j]);
                // (1 + c)(1 + r) - 1 = c + r (1 + c)
                let growth = rate * (1.0 + (total + lost));
                let sum = total + growth;
                let (large, small) = if total.abs() >= growth.abs() {
                    (total, growth)
                } else {
                    (growth, total)
                };
                state.total[j] = sum;
                state.lost[j] = lost + ((large - sum) + small);
                state.count[j] += f64::from(u8::from(present));
                let shown = present & (state.count[j] >= required);
                out[j] = if shown { sum + state.lost[j] } else { f64::NAN };
            }
        }
    }
}

/// Fall below the highest value so far, as a fraction of it: 0 at a peak, -0.25 a quarter below.
///
/// A missing row is passed over and gives NaN; so does a peak that is not above zero.
pub struct Drawdown {
    pub min_periods: usize,
}

pub struct PeakState<const N: usize> {
    peak: [f64; N],
    count: [f64; N],
}

impl Recursion<1, 1> for Drawdown {
    type State<const N: usize> = PeakState<N>;

    fn start<const N: usize>(&self) -> PeakState<N> {
        PeakState {
            peak: [0.0; N],
            count: [0.0; N],
        }
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut PeakState<N>,
        [x]: [&[[f64; N]]; 1],
        [out]: [&mut [[f64; N]]; 1],
    ) {
        let required = self.min_periods as f64;
        for (out, x) in out.iter_mut().zip(x) {
            for j in 0..N {
                let present = !x[j].is_nan();
                state.peak[j] = if x[j] > state.peak[j] {
                    x[j]
                } else {
                    state.peak[j]
                };
                state.count[j] += f64::from(u8::from(present));
                let fall = (x[j] - state.peak[j]) / state.peak[j];
                let shown = (state.peak[j] > 0.0) & (state.count[j] >= required);
                out[j] = if shown { fall } else { f64::NAN };
            }
        }
    }
}
