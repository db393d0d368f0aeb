//! Exponentially weighted mean and variance.

use super::sweep::{Recursion, all_present, in_groups, in_groups_mut};
use crate::error::{Error, Result};

/// How the weight of an observation decays; the meaning of the options is pandas'.
#[derive(Clone, Copy, Debug)]
pub struct Decay {
    alpha: f64,
    /// Weights are `(1 - alpha)^i`, normalised by their sum, instead of a plain recursion.
    adjust: bool,
    /// A missing value takes no time: the decay counts observations, not rows.
    ignore_na: bool,
    min_periods: f64,
}

impl Decay {
    /// # Errors
    ///
    /// If `alpha` is outside `(0, 1]`.
    pub fn new(alpha: f64, adjust: bool, ignore_na: bool, min_periods: usize) -> Result<Self> {
        if !(alpha > 0.0 && alpha <= 1.0) {
            return Err(Error::new(format!("alpha must be in (0, 1], got {alpha}")));
        }
        Ok(Self {
            alpha,
            adjust,
            ignore_na,
            min_periods: min_periods as f64,
        })
    }

    #[inline(always)]
    fn fresh(&self) -> f64 {
        if self.adjust { 1.0 } else { self.alpha }
    }
}

/// Exponentially weighted mean; a missing row repeats the last mean.
pub struct EwmMean(pub Decay);

pub struct MeanState<const N: usize> {
    mean: [f64; N],
    /// Weight of the past relative to the next observation; 0 before the first one.
    past: [f64; N],
    count: [f64; N],
}

impl<const N: usize> MeanState<N> {
    pub fn new() -> Self {
        Self {
            mean: [0.0; N],
            past: [0.0; N],
            count: [0.0; N],
        }
    }

    /// Takes in a row and gives the means, NaN where fewer than `required` values were seen.
    #[inline(always)]
    pub fn step(&mut self, decay: &Decay, x: &[f64; N], required: f64) -> [f64; N] {
        let (keep, fresh) = (1.0 - decay.alpha, decay.fresh());
        let mut out = [0.0; N];
        for j in 0..N {
            let present = !x[j].is_nan();
            let decays = present | !decay.ignore_na;
            let past = if decays {
                self.past[j] * keep
            } else {
                self.past[j]
            };
            let gain = fresh / (past + fresh);
            let after = if decay.adjust { past + fresh } else { 1.0 };
            let mean = self.mean[j] + gain * (x[j] - self.mean[j]);
            self.mean[j] = if present { mean } else { self.mean[j] };
            self.past[j] = if present { after } else { past };
            self.count[j] += f64::from(u8::from(present));
            out[j] = if self.count[j] >= required {
                self.mean[j]
            } else {
                f64::NAN
            };
        }
        out
    }

    /// The columns whose next step has the constant gain of a plain recursion.
    #[inline(always)]
    fn settled(&self, decay: &Decay) -> [bool; N] {
        std::array::from_fn(|j| !decay.adjust & (self.past[j] == 1.0))
    }
}

/// Eight steps of a plain recursion at once.
///
/// One step needs the mean before it, so its latency sets the pace. The mean after eight rows is
/// therefore computed from the mean `m` before them, `m + K (x_0 - m) + sum(c_i (x_i - x_0))` with
/// `c_i = k (1 - k)^(7 - i)` and `K` the sum of all `c_i`: three operations wait for `m`, and those
/// in between no longer hold anything up. A constant series stays exactly constant. Groups start
/// at multiples of eight rows, so a mean depends on no later row.
#[derive(Clone, Copy)]
struct Leap {
    weights: [f64; GROUP],
    whole: f64,
}

const GROUP: usize = 8;

impl Leap {
    fn new(decay: &Decay) -> Self {
        let gain = decay.alpha / ((1.0 - decay.alpha) + decay.alpha);
        let keep = 1.0 - gain;
        let mut weights = [gain; GROUP];
        for i in (0..GROUP - 1).rev() {
            weights[i] = weights[i + 1] * keep;
        }
        Self {
            weights,
            whole: weights.iter().sum(),
        }
    }

    #[inline(always)]
    fn gain(&self) -> f64 {
        self.weights[GROUP - 1]
    }

    #[inline(always)]
    fn last(&self, mean: f64, x: [f64; GROUP]) -> f64 {
        let [_, b, c, d, e, f, g, h]: [f64; GROUP] =
            std::array::from_fn(|i| self.weights[i] * (x[i] - x[0]));
        let rest = ((b + c) + (d + e)) + ((f + g) + h);
        (mean + self.whole * (x[0] - mean)) + rest
    }
}

impl Recursion<1, 1> for EwmMean {
    type State<const N: usize> = MeanState<N>;

    fn start<const N: usize>(&self) -> MeanState<N> {
        MeanState::new()
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut MeanState<N>,
        [x]: [&[[f64; N]]; 1],
        [out]: [&mut [[f64; N]]; 1],
    ) {
        let decay = &self.0;
        let leap = Leap::new(decay);
        let (groups, rest) = x.split_at(x.len() - x.len() % GROUP);
        let (out_groups, out_rest) = out.split_at_mut(groups.len());
        let groups: &[[[f64; N]; GROUP]] = in_groups(groups);
        let out_groups: &mut [[[f64; N]; GROUP]] = in_groups_mut(out_groups);
        let plain = state.settled(decay).iter().all(|settled| *settled)
            && state.count.iter().all(|count| *count >= decay.min_periods)
            && all_present(x);
        if plain {
            let mut mean = state.mean;
            for (out, x) in out_groups.iter_mut().zip(groups) {
                let mut inner = mean;
                for (out, x) in out[..GROUP - 1].iter_mut().zip(x) {
                    for j in 0..N {
                        inner[j] += leap.gain() * (x[j] - inner[j]);
                    }
                    *out = inner;
                }
                for j in 0..N {
                    mean[j] = leap.last(mean[j], std::array::from_fn(|i| x[i][j]));
                }
                out[GROUP - 1] = mean;
            }
            state.mean = mean;
        } else {
            for (out, x) in out_groups.iter_mut().zip(groups) {
                let before = state.mean;
                let settled = state.settled(decay);
                for i in 0..GROUP {
                    out[i] = state.step(decay, &x[i], decay.min_periods);
                }
                for j in 0..N {
                    let values: [f64; GROUP] = std::array::from_fn(|i| x[i][j]);
                    let present = !values.iter().any(|value| value.is_nan());
                    if settled[j] & present {
                        state.mean[j] = leap.last(before[j], values);
                        let shown = state.count[j] >= decay.min_periods;
                        out[GROUP - 1][j] = if shown { state.mean[j] } else { f64::NAN };
                    }
                }
            }
        }
        for (out, x) in out_rest.iter_mut().zip(rest) {
            *out = state.step(decay, x, decay.min_periods);
        }
    }
}

/// Exponentially weighted variance; a missing row repeats the last variance.
pub struct EwmVar {
    pub decay: Decay,
    /// Leave out the correction for the effective number of observations.
    pub bias: bool,
}

pub struct VarState<const N: usize> {
    mean: [f64; N],
    variance: [f64; N],
    past: [f64; N],
    count: [f64; N],
    /// Sum of the weights, and of the products of each two of them. The correction divides by
    /// `weights^2 - sum(w^2)`, which is twice the latter: summed as products it does not cancel
    /// where a gap has left next to no weight to the past.
    weights: [f64; N],
    products: [f64; N],
}

impl Recursion<1, 1> for EwmVar {
    type State<const N: usize> = VarState<N>;

    fn start<const N: usize>(&self) -> VarState<N> {
        VarState {
            mean: [0.0; N],
            variance: [0.0; N],
            past: [0.0; N],
            count: [0.0; N],
            weights: [0.0; N],
            products: [0.0; N],
        }
    }

    #[inline(always)]
    fn advance<const N: usize>(
        &self,
        state: &mut VarState<N>,
        [x]: [&[[f64; N]]; 1],
        [out]: [&mut [[f64; N]]; 1],
    ) {
        let decay = &self.decay;
        let (keep, fresh) = (1.0 - decay.alpha, decay.fresh());
        for (out, x) in out.iter_mut().zip(x) {
            for j in 0..N {
                let present = !x[j].is_nan();
                let factor = if present | !decay.ignore_na {
                    keep
                } else {
                    1.0
                };
                let past = state.past[j] * factor;
                let weights = state.weights[j] * factor;
                let products = state.products[j] * (factor * factor);

                // The first observation has all the weight there is, whatever `fresh` says.
                let first = state.count[j] == 0.0;
                let added = if first { 1.0 } else { fresh };
                let sum = past + added;
                let gain = added / sum;
                let deviation = x[j] - state.mean[j];
                let mean = state.mean[j] + gain * deviation;
                let spread = state.variance[j] + gain * (deviation * deviation);
                let variance = if first { 0.0 } else { (past / sum) * spread };
                // Without adjustment the past has weight 1 after each observation.
                let unit = if decay.adjust { 1.0 } else { 1.0 / sum };

                state.mean[j] = if present { mean } else { state.mean[j] };
                state.variance[j] = if present { variance } else { state.variance[j] };
                state.past[j] = if present { sum * unit } else { past };
                state.weights[j] = if present {
                    (weights + added) * unit
                } else {
                    weights
                };
                state.products[j] = if present {
                    (products + weights * added) * (unit * unit)
                } else {
                    products
                };
                state.count[j] += f64::from(u8::from(present));

                let total = state.weights[j] * state.weights[j];
                let corrected = state.variance[j] * (total / (2.0 * state.products[j]));
                let usable = self.bias | (state.products[j] > 0.0);
                let value = if self.bias {
                    state.variance[j]
                } else {
                    corrected
                };
                let shown = usable & (state.count[j] >= decay.min_periods);
                out[j] = if shown & (state.count[j] > 0.0) {
                    value
                } else {
                    f64::NAN
                };
            }
        }
    }
}
