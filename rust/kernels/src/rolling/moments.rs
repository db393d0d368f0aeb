//! Variance, standard deviation and z-score.

use super::scratch::Scratch;
use super::tiles::{Rolling, Tile};
use super::window::Window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    Var,
    Std,
    ZScore,
}

/// Rolling statistics of second order, by merging blocks (Chan, Golub and `LeVeque`, 1983).
///
/// A block of `n` rows is described by `r`, its mean less its first value, and `m`, the sum of
/// squared deviations from its mean. Because `r` is relative to a value of the block itself, a
/// large common offset cancels before it can hurt: with an offset of 1e9 the digits of the noise
/// all count. `m` is a sum of squares, so never negative, and zero for equal values.
pub struct Moments {
    pub moment: Moment,
    /// Degrees of freedom taken off the count.
    pub ddof: usize,
}

/// What merging block `a` with the block `b` after it needs to know of their lengths.
#[derive(Clone, Copy)]
struct Weights {
    /// `n_b / n`
    shift: f64,
    /// `n_a n_b / n`
    spread: f64,
}

impl Weights {
    #[inline(always)]
    fn new(a: f64, b: f64) -> Self {
        // Two empty blocks make an empty one, of mean and spread 0.
        let n = if a + b > 1.0 { a + b } else { 1.0 };
        Self {
            shift: b / n,
            spread: a * b / n,
        }
    }
}

/// The state of all blocks of one length: `r`, `m`, and where values are missing, the count.
struct Planes<'a> {
    r: &'a mut [f64],
    m: &'a mut [f64],
    n: &'a mut [f64],
}

/// Merges the blocks at `i` with those at `i + shift`, `length` of them.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "each plane alone is known not to overlap another"
)]
fn merge(
    x: &[f64],
    shift: usize,
    length: usize,
    ra: &[f64],
    ma: &[f64],
    rb: &[f64],
    mb: &[f64],
    r: &mut [f64],
    m: &mut [f64],
    weights: impl Fn(usize) -> Weights,
) {
    let (xa, xb) = (&x[..length], &x[shift..][..length]);
    let (ra, ma) = (&ra[..length], &ma[..length]);
    let (rb, mb) = (&rb[..length], &mb[..length]);
    let (r, m) = (&mut r[..length], &mut m[..length]);
    for i in 0..length {
        let weights = weights(i);
        let d = (xb[i] - xa[i]) + (rb[i] - ra[i]);
        (r[i], m[i]) = union(d, ra[i], ma[i], mb[i], weights);
    }
}

/// [`merge`] into the accumulated blocks themselves.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "each plane alone is known not to overlap another"
)]
fn absorb(
    x: &[f64],
    shift: usize,
    length: usize,
    r: &mut [f64],
    m: &mut [f64],
    rb: &[f64],
    mb: &[f64],
    weights: impl Fn(usize) -> Weights,
) {
    let (xa, xb) = (&x[..length], &x[shift..][..length]);
    let (r, m) = (&mut r[..length], &mut m[..length]);
    let (rb, mb) = (&rb[..length], &mb[..length]);
    for i in 0..length {
        let weights = weights(i);
        let d = (xb[i] - xa[i]) + (rb[i] - r[i]);
        (r[i], m[i]) = union(d, r[i], m[i], mb[i], weights);
    }
}

/// Blocks of two rows, straight from the values.
#[inline(always)]
fn pairs(x: &[f64], shift: usize, length: usize, r: &mut [f64], m: &mut [f64]) {
    let (xa, xb) = (&x[..length], &x[shift..][..length]);
    let (r, m) = (&mut r[..length], &mut m[..length]);
    for i in 0..length {
        let d = xb[i] - xa[i];
        r[i] = d * 0.5;
        m[i] = (d * d) * 0.5;
    }
}

/// The root on the way out overlaps with the arithmetic of the last join.
#[inline(always)]
fn rooted(value: f64, root: bool) -> f64 {
    if root { value.sqrt() } else { value }
}

/// One merge: `(r, m)` of the union, `d` being the difference of the two means.
#[inline(always)]
fn union(d: f64, ra: f64, ma: f64, mb: f64, weights: Weights) -> (f64, f64) {
    (ra + d * weights.shift, (ma + mb) + (d * d) * weights.spread)
}

/// Blocks of four rows, straight from the values: two merges of two rows each, then one of those.
#[inline(always)]
fn fours(x: &[f64], shift: usize, length: usize, r: &mut [f64], m: &mut [f64]) {
    let [xa, xb, xc, xd] = [0, 1, 2, 3].map(|step| &x[step * shift..][..length]);
    let (r, m) = (&mut r[..length], &mut m[..length]);
    let weights = Weights::new(2.0, 2.0);
    for i in 0..length {
        let (near, far) = (xb[i] - xa[i], xd[i] - xc[i]);
        let (rb, ra) = (far * 0.5, near * 0.5);
        let d = (xc[i] - xa[i]) + (rb - ra);
        (r[i], m[i]) = union(d, ra, (near * near) * 0.5, (far * far) * 0.5, weights);
    }
}

/// Fills `out` with the sums of squares of the windows that start at each row, times the `scale`
/// of their counts, or the `root` of that, and returns the plane `r` of the windows.
///
/// `valid` holds 1.0 or 0.0 per value; without it nothing is missing.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "what varies from tile to tile, and what is asked"
)]
fn fold<'s>(
    x: &[f64],
    valid: Option<&[f64]>,
    lanes: usize,
    window: usize,
    scratch: &'s mut Scratch,
    scale: impl Fn(f64) -> f64,
    root: bool,
    out: &mut [f64],
) -> &'s [f64] {
    let [r0, m0, n0, r1, m1, n1, r2, m2, n2] = scratch.planes::<9>(x.len());
    let mut current = Planes {
        r: r0,
        m: m0,
        n: n0,
    };
    let mut next = Planes {
        r: r1,
        m: m1,
        n: n1,
    };
    let mut joined = Planes {
        r: r2,
        m: m2,
        n: n2,
    };
    let mut rows = x.len();
    let mut block = 1;
    let mut covered = 0;
    if valid.is_none() && window.trailing_zeros() >= 2 {
        rows -= 3 * lanes;
        block = 4;
        fours(x, lanes, rows, current.r, current.m);
    } else {
        current.r.fill(0.0);
        current.m.fill(0.0);
        valid.inspect(|valid| current.n.copy_from_slice(valid));
    }

    loop {
        let wanted = window & block != 0;
        if wanted && covered + block == window {
            break;
        }
        if wanted && covered > 0 {
            let shift = covered * lanes;
            let length = rows - shift;
            let (rb, mb) = (&current.r[shift..], &current.m[shift..]);
            if valid.is_some() {
                let (na, nb) = (&joined.n[..length], &current.n[shift..][..length]);
                let weights = |i: usize| Weights::new(na[i], nb[i]);
                absorb(x, shift, length, joined.r, joined.m, rb, mb, weights);
                joined.n[..length]
                    .iter_mut()
                    .zip(nb)
                    .for_each(|(n, b)| *n += b);
            } else {
                let weights = Weights::new(covered as f64, block as f64);
                absorb(x, shift, length, joined.r, joined.m, rb, mb, |_| weights);
            }
        }
        let shift = block * lanes;
        let length = rows - shift;
        let Planes { r, m, n } = &mut next;
        let (ra, ma) = (&*current.r, &*current.m);
        let (rb, mb) = (&current.r[shift..], &current.m[shift..]);
        if valid.is_some() {
            let (na, nb) = (&current.n[..length], &current.n[shift..][..length]);
            let weights = |i: usize| Weights::new(na[i], nb[i]);
            merge(x, shift, length, ra, ma, rb, mb, r, m, weights);
            n[..length]
                .iter_mut()
                .zip(na)
                .zip(nb)
                .for_each(|((n, a), b)| *n = a + b);
        } else if block == 1 {
            pairs(x, shift, length, r, m);
        } else {
            let weights = Weights::new(block as f64, block as f64);
            merge(x, shift, length, ra, ma, rb, mb, r, m, |_| weights);
        }
        if wanted && covered == 0 {
            (joined, current, next) = (current, next, joined);
        } else {
            (current, next) = (next, current);
        }
        if wanted {
            covered += block;
        }
        rows = length;
        block *= 2;
    }

    if covered == 0 {
        for ((to, m), n) in out.iter_mut().zip(&*current.m).zip(&*current.n) {
            *to = rooted(m * scale(*n), root);
        }
        return current.r;
    }
    let lengths = [covered, block];
    join_last(
        x,
        valid.is_some(),
        lengths,
        lanes,
        &mut joined,
        &current,
        scale,
        root,
        out,
    );
    joined.r
}

/// Joins the last block to what is covered already, straight into `out`; keeps `joined.r` and `n`.
#[inline(always)]
#[allow(
    clippy::too_many_arguments,
    reason = "a part of fold with its own name"
)]
fn join_last(
    x: &[f64],
    gaps: bool,
    [covered, block]: [usize; 2],
    lanes: usize,
    joined: &mut Planes<'_>,
    current: &Planes<'_>,
    scale: impl Fn(f64) -> f64,
    root: bool,
    out: &mut [f64],
) {
    let length = out.len();
    let shift = covered * lanes;
    let (xa, xb) = (&x[..length], &x[shift..][..length]);
    let (ra, ma) = (&mut joined.r[..length], &joined.m[..length]);
    let (rb, mb) = (&current.r[shift..][..length], &current.m[shift..][..length]);
    if gaps {
        let (na, nb) = (&mut joined.n[..length], &current.n[shift..][..length]);
        for i in 0..length {
            let d = (xb[i] - xa[i]) + (rb[i] - ra[i]);
            let (r, m) = union(d, ra[i], ma[i], mb[i], Weights::new(na[i], nb[i]));
            ra[i] = r;
            na[i] += nb[i];
            out[i] = rooted(m * scale(na[i]), root);
        }
    } else {
        let weights = Weights::new(covered as f64, block as f64);
        let scale = scale((covered + block) as f64);
        for i in 0..length {
            let d = (xb[i] - xa[i]) + (rb[i] - ra[i]);
            let (r, m) = union(d, ra[i], ma[i], mb[i], weights);
            ra[i] = r;
            out[i] = rooted(m * scale, root);
        }
    }
}

/// Puts the next value of its lane into each gap, so that blocks have a near value to refer to.
/// A gap at the end stays as it is: its blocks are empty and weigh nothing.
#[inline(always)]
pub fn fill_back(x: &mut [f64], valid: &[f64], lanes: usize) {
    for i in (0..x.len().saturating_sub(lanes)).rev() {
        if valid[i] == 0.0 {
            x[i] = x[i + lanes];
        }
    }
}

impl Moments {
    fn root(&self) -> bool {
        self.moment != Moment::Var
    }

    /// Makes of the variances, or their roots, in `out` what is asked for.
    #[inline(always)]
    fn finish(&self, x: &[f64], r: &[f64], lanes: usize, window: usize, out: &mut [f64]) {
        match self.moment {
            Moment::Var | Moment::Std => {}
            Moment::ZScore => {
                let length = out.len();
                let (first, last) = (&x[..length], &x[(window - 1) * lanes..][..length]);
                let r = &r[..length];
                for i in 0..length {
                    let deviation = out[i];
                    let score = ((last[i] - first[i]) - r[i]) / deviation;
                    out[i] = if deviation > 0.0 { score } else { f64::NAN };
                }
            }
        }
    }

    /// The factor that makes a variance of a sum of squares over `count` values.
    #[inline(always)]
    fn scale(&self, count: f64, required: f64) -> f64 {
        let freedom = count - self.ddof as f64;
        if (freedom > 0.0) & (count >= required) {
            1.0 / freedom
        } else {
            f64::NAN
        }
    }
}

impl Rolling<1> for Moments {
    const COST: usize = 4;

    #[inline(always)]
    fn full(&self, tile: Tile<'_, 1>, window: Window, scratch: &mut Scratch, out: &mut [f64]) {
        let Tile { series: [x], lanes } = tile;
        let scale = self.scale(window.length as f64, window.required());
        let r = fold(
            x,
            None,
            lanes,
            window.length,
            scratch,
            |_| scale,
            self.root(),
            out,
        );
        self.finish(x, r, lanes, window.length, out);
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
        fill_back(x, valid, lanes);
        let scale = |count| self.scale(count, window.required());
        let r = fold(
            x,
            Some(valid),
            lanes,
            window.length,
            scratch,
            scale,
            self.root(),
            out,
        );
        self.finish(x, r, lanes, window.length, out);
        if self.moment == Moment::ZScore {
            for (score, valid) in out.iter_mut().zip(&valid[(window.length - 1) * lanes..]) {
                *score = if *valid > 0.0 { *score } else { f64::NAN };
            }
        }
    }
}
