//! Minimum and maximum.

use super::scratch::Scratch;
use super::sums::fold_sum;
use super::tiles::{Rolling, Tile};
use super::window::Window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extremum {
    Min,
    Max,
}

/// Rolling minimum or maximum, exact. Two overlapping blocks of a power of two cover the window.
pub struct Extrema(pub Extremum);

/// `target[i]` = the least of the two blocks of `source` at `i` and `i + shift`
#[inline(always)]
fn pick_shifted(target: &mut [f64], source: &[f64], shift: usize, pick: impl Fn(f64, f64) -> f64) {
    let length = source.len() - shift;
    let (near, far) = (&source[..length], &source[shift..]);
    for ((to, a), b) in target[..length].iter_mut().zip(near).zip(far) {
        *to = pick(*a, *b);
    }
}

#[inline(always)]
fn fold(
    x: &mut [f64],
    lanes: usize,
    window: usize,
    scratch: &mut Scratch,
    out: &mut [f64],
    pick: impl Fn(f64, f64) -> f64 + Copy,
) {
    let [next] = scratch.planes::<1>(x.len());
    let (mut current, mut next) = (x, next);
    let mut valid = current.len();
    let mut block = 1;
    while 2 * block <= window {
        pick_shifted(next, &current[..valid], block * lanes, pick);
        valid -= block * lanes;
        block *= 2;
        (current, next) = (next, current);
    }
    pick_shifted(out, &current[..valid], (window - block) * lanes, pick);
}

impl Extrema {
    #[inline(always)]
    fn fold(
        &self,
        x: &mut [f64],
        lanes: usize,
        window: usize,
        scratch: &mut Scratch,
        out: &mut [f64],
    ) {
        match self.0 {
            Extremum::Min => {
                fold(
                    x,
                    lanes,
                    window,
                    scratch,
                    out,
                    |a, b| if a < b { a } else { b },
                );
            }
            Extremum::Max => {
                fold(
                    x,
                    lanes,
                    window,
                    scratch,
                    out,
                    |a, b| if a > b { a } else { b },
                );
            }
        }
    }
}

impl Rolling<1> for Extrema {
    const COST: usize = 1;

    #[inline(always)]
    fn full(&self, tile: Tile<'_, 1>, window: Window, scratch: &mut Scratch, out: &mut [f64]) {
        let Tile { series: [x], lanes } = tile;
        self.fold(x, lanes, window.length, scratch, out);
    }

    #[inline(always)]
    fn partial(
        &self,
        tile: Tile<'_, 1>,
        valid: &mut [f64],
        window: Window,
        scratch: &mut Scratch,
        out: &mut [f64],
    ) {
        let Tile { series: [x], lanes } = tile;
        // The element that never wins stands in for a missing value.
        let neutral = match self.0 {
            Extremum::Min => f64::INFINITY,
            Extremum::Max => f64::NEG_INFINITY,
        };
        for (value, valid) in x.iter_mut().zip(&*valid) {
            *value = if *valid > 0.0 { *value } else { neutral };
        }
        let mut counts = vec![0.0; out.len()];
        fold_sum(valid, lanes, window.length, scratch, &mut counts);
        self.fold(x, lanes, window.length, scratch, out);
        for (value, count) in out.iter_mut().zip(&counts) {
            *value = if *count >= window.required() {
                *value
            } else {
                f64::NAN
            };
        }
    }
}
