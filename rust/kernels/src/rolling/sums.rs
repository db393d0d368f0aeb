//! Sum and mean.

use super::scratch::Scratch;
use super::tiles::{Rolling, Tile};
use super::window::Window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    Sum,
    Mean,
}

/// Rolling sum or mean, by pairwise summation.
///
/// The error of a sum is at most `(log2(window) + 2) * eps / 2 * sum(|x|)`. The mean of a full
/// window of equal values is that value exactly.
pub struct Sums(pub Sum);

/// `target[i] = source[i] + source[i + shift]`
#[inline(always)]
pub fn add_shifted(target: &mut [f64], source: &[f64], shift: usize) {
    let length = source.len() - shift;
    let (near, far) = (&source[..length], &source[shift..]);
    for ((to, a), b) in target[..length].iter_mut().zip(near).zip(far) {
        *to = a + b;
    }
}

/// `target[i]` = the sum of the four blocks of `source` at `i`, `i + shift`, `i + 2 shift`, ...
#[inline(always)]
fn add_four(target: &mut [f64], source: &[f64], shift: usize) {
    let length = source.len() - 3 * shift;
    let [a, b, c, d] = [0, 1, 2, 3].map(|step| &source[step * shift..][..length]);
    for ((((to, a), b), c), d) in target[..length].iter_mut().zip(a).zip(b).zip(c).zip(d) {
        *to = (a + b) + (c + d);
    }
}

/// Joins the sums over blocks of doubling length that the binary digits of the window ask for.
/// `x` is used up.
///
/// `join` gets what is accumulated so far and the sum of the next block, each with the number of
/// rows that it covers; `scale` makes of the first block's sum what `join` accumulates.
#[inline(always)]
fn fold(
    x: &mut [f64],
    lanes: usize,
    window: usize,
    scratch: &mut Scratch,
    out: &mut [f64],
    scale: impl Fn(f64, f64) -> f64,
    join: impl Fn(f64, f64, f64, f64) -> f64,
) {
    let [next, spare] = scratch.planes::<2>(x.len());
    let (mut current, mut next, mut joined) = (x, next, spare);
    let mut valid = current.len();
    let mut block = 1;
    let mut covered = 0;
    // Rows behind a first block that still is a plain sum, else 1, which scales nothing.
    let mut plain = 1.0;
    loop {
        let wanted = window & block != 0;
        let shift = block * lanes;
        let ends = covered + block == window;
        // The last doubling and the last join are one pass.
        let pair_ends = !wanted && covered + 2 * block == window;
        if ends || pair_ends {
            let size = if ends { block } else { 2 * block } as f64;
            let covers = covered as f64;
            let near = &current[covered * lanes..][..out.len()];
            let far = &current[if ends { 0 } else { covered * lanes + shift }..][..out.len()];
            let joined = &joined[..out.len()];
            match (ends, covered > 0) {
                (true, false) => {
                    out.iter_mut()
                        .zip(near)
                        .for_each(|(to, sum)| *to = scale(*sum, size));
                }
                (false, false) => {
                    for ((to, a), b) in out.iter_mut().zip(near).zip(far) {
                        *to = scale(a + b, size);
                    }
                }
                (true, true) => {
                    for ((to, sum), before) in out.iter_mut().zip(near).zip(joined) {
                        *to = join(scale(*before, plain), *sum, covers, size);
                    }
                }
                (false, true) => {
                    for (((to, a), b), before) in out.iter_mut().zip(near).zip(far).zip(joined) {
                        *to = join(scale(*before, plain), a + b, covers, size);
                    }
                }
            }
            return;
        }
        if wanted && covered > 0 {
            let aligned = &current[covered * lanes..valid];
            for (to, sum) in joined[..aligned.len()].iter_mut().zip(aligned) {
                *to = join(scale(*to, plain), *sum, covered as f64, block as f64);
            }
            plain = 1.0;
            covered += block;
        }
        if !wanted && window & (2 * block) == 0 {
            // Neither this length nor the next is asked for: two doublings in one pass.
            add_four(next, &current[..valid], shift);
            valid -= 3 * shift;
            block *= 4;
            (current, next) = (next, current);
            continue;
        }
        add_shifted(next, &current[..valid], shift);
        valid -= shift;
        if wanted && covered == 0 {
            covered = block;
            plain = block as f64;
            (joined, current, next) = (current, next, joined);
        } else {
            (current, next) = (next, current);
        }
        block *= 2;
    }
}

/// `out[i]` = the sum of the `window` rows from row `i` on. `x` is used up.
#[inline(always)]
pub fn fold_sum(
    x: &mut [f64],
    lanes: usize,
    window: usize,
    scratch: &mut Scratch,
    out: &mut [f64],
) {
    fold(
        x,
        lanes,
        window,
        scratch,
        out,
        |sum, _| sum,
        |before, sum, _, _| before + sum,
    );
}

/// As [`fold_sum`], for the mean. A block's length is a power of two, so its mean is exact where
/// its sum is, and joining two equal means changes nothing.
#[inline(always)]
fn fold_mean(x: &mut [f64], lanes: usize, window: usize, scratch: &mut Scratch, out: &mut [f64]) {
    fold(
        x,
        lanes,
        window,
        scratch,
        out,
        |sum, rows| sum * (1.0 / rows),
        |mean, sum, covers, brings| {
            mean + (sum * (1.0 / brings) - mean) * (brings / (covers + brings))
        },
    );
}

impl Rolling<1> for Sums {
    const COST: usize = 1;

    #[inline(always)]
    fn full(&self, tile: Tile<'_, 1>, window: Window, scratch: &mut Scratch, out: &mut [f64]) {
        let Tile { series: [x], lanes } = tile;
        match self.0 {
            Sum::Sum => fold_sum(x, lanes, window.length, scratch, out),
            Sum::Mean => fold_mean(x, lanes, window.length, scratch, out),
        }
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
        let required = window.required();
        let length = window.length as f64;
        let mut counts = vec![0.0; out.len()];
        fold_sum(valid, lanes, window.length, scratch, &mut counts);
        if self.0 == Sum::Sum {
            fold_sum(x, lanes, window.length, scratch, out);
            for (sum, count) in out.iter_mut().zip(&counts) {
                *sum = if *count >= required { *sum } else { f64::NAN };
            }
            return;
        }
        let mut sums = vec![0.0; out.len()];
        fold_sum(&mut x.to_vec(), lanes, window.length, scratch, &mut sums);
        fold_mean(x, lanes, window.length, scratch, out);
        for ((mean, sum), count) in out.iter_mut().zip(&sums).zip(&counts) {
            *mean = if *count < required {
                f64::NAN
            } else if *count == length {
                *mean
            } else {
                *sum / *count
            };
        }
    }
}
