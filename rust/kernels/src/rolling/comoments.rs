//! Covariance, correlation and beta of two series.

use super::moments::fill_back;
use super::scratch::Scratch;
use super::tiles::{Rolling, Tile};
use super::window::Window;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comoment {
    Cov,
    Corr,
    /// Slope of the regression of the first series on the second.
    Beta,
}

/// Rolling statistics of two series, over the rows where neither is missing.
///
/// Blocks are merged as in [`super::moments::Moments`], with the sum of products of deviations
/// beside the two sums of squares.
pub struct Comoments {
    pub comoment: Comoment,
    /// Degrees of freedom taken off the count; matters to the covariance alone.
    pub ddof: usize,
}

/// Values that go through the formulas side by side.
const WIDTH: usize = 8;

type Pack = [f64; WIDTH];

/// Counts of blocks, means less first values, then sums of squares and of products.
#[derive(Clone, Copy, Default)]
struct Blocks {
    n: Pack,
    rx: Pack,
    ry: Pack,
    xx: Pack,
    yy: Pack,
    xy: Pack,
}

#[inline(always)]
fn pack(values: &[f64], i: usize) -> Pack {
    std::array::from_fn(|j| values[i..i + WIDTH][j])
}

/// Differences `values[i + shift] - values[i]`.
#[inline(always)]
fn lead(values: &[f64], i: usize, shift: usize) -> Pack {
    let (near, far) = (pack(values, i), pack(values, i + shift));
    std::array::from_fn(|j| far[j] - near[j])
}

/// Copies `values` in and fills up with zeros.
#[inline(always)]
fn padded<'a>(target: &'a mut [f64], values: &[f64]) -> &'a [f64] {
    let (head, tail) = target.split_at_mut(values.len());
    head.copy_from_slice(values);
    tail.fill(0.0);
    target
}

impl Blocks {
    /// Unions with the blocks `b` after these; `dx`, `dy` lead from first values to first values.
    #[inline(always)]
    fn merge(&self, b: &Self, dx: &Pack, dy: &Pack) -> Self {
        let mut union = Self::default();
        for j in 0..WIDTH {
            let n = self.n[j] + b.n[j];
            let safe = if n > 1.0 { n } else { 1.0 };
            let (shift, spread) = (b.n[j] / safe, self.n[j] * b.n[j] / safe);
            let dx = dx[j] + (b.rx[j] - self.rx[j]);
            let dy = dy[j] + (b.ry[j] - self.ry[j]);
            union.n[j] = n;
            union.rx[j] = self.rx[j] + dx * shift;
            union.ry[j] = self.ry[j] + dy * shift;
            union.xx[j] = (self.xx[j] + b.xx[j]) + (dx * dx) * spread;
            union.yy[j] = (self.yy[j] + b.yy[j]) + (dy * dy) * spread;
            union.xy[j] = (self.xy[j] + b.xy[j]) + (dx * dy) * spread;
        }
        union
    }
}

/// All blocks of one length.
struct Planes<'a> {
    planes: [&'a mut [f64]; 6],
}

impl Planes<'_> {
    #[inline(always)]
    fn get(&self, i: usize) -> Blocks {
        let [n, rx, ry, xx, yy, xy] = &self.planes;
        Blocks {
            n: pack(n, i),
            rx: pack(rx, i),
            ry: pack(ry, i),
            xx: pack(xx, i),
            yy: pack(yy, i),
            xy: pack(xy, i),
        }
    }

    #[inline(always)]
    fn set(&mut self, i: usize, blocks: &Blocks) {
        let Blocks {
            n,
            rx,
            ry,
            xx,
            yy,
            xy,
        } = blocks;
        for (plane, values) in self.planes.iter_mut().zip([n, rx, ry, xx, yy, xy]) {
            plane[i..i + WIDTH].copy_from_slice(values);
        }
    }
}

impl Comoments {
    #[inline(always)]
    fn value(&self, [n, xx, yy, xy]: [f64; 4], required: f64) -> f64 {
        if n < required {
            return f64::NAN;
        }
        let freedom = n - self.ddof as f64;
        match self.comoment {
            Comoment::Cov if freedom > 0.0 => xy / freedom,
            Comoment::Corr if xx > 0.0 && yy > 0.0 => {
                let product = xx * yy;
                // Two small or two large sums of squares have no product, but their roots do.
                let norm = if product.is_normal() {
                    product.sqrt()
                } else {
                    xx.sqrt() * yy.sqrt()
                };
                (xy / norm).clamp(-1.0, 1.0)
            }
            Comoment::Beta if yy > 0.0 => xy / yy,
            _ => f64::NAN,
        }
    }

    #[inline(always)]
    fn fold(
        &self,
        [x, y]: [&[f64]; 2],
        valid: Option<&[f64]>,
        lanes: usize,
        window: Window,
        scratch: &mut Scratch,
        out: &mut [f64],
    ) {
        // Passes run over whole packs; what they read beyond the end ends up beyond the end.
        let [x_padded, y_padded, memory @ ..] = scratch.planes::<20>(x.len() + WIDTH);
        let mut memory: [&mut [f64]; 18] = memory;
        let (x, y) = (padded(x_padded, x), padded(y_padded, y));
        let mut memory = memory.iter_mut().map(std::mem::take);
        let mut make = || Planes {
            planes: std::array::from_fn(|_| memory.next().unwrap_or_default()),
        };
        let (mut current, mut next, mut joined) = (make(), make(), make());
        let mut rows = x.len() - WIDTH;
        for plane in &mut current.planes {
            plane.fill(0.0);
        }
        match valid {
            Some(valid) => current.planes[0][..rows].copy_from_slice(valid),
            None => current.planes[0].fill(1.0),
        }

        let mut block = 1;
        let mut covered = 0;
        loop {
            let wanted = window.length & block != 0;
            if wanted && covered > 0 {
                let shift = covered * lanes;
                for i in (0..rows - shift).step_by(WIDTH) {
                    let (dx, dy) = (lead(x, i, shift), lead(y, i, shift));
                    joined.set(i, &joined.get(i).merge(&current.get(i + shift), &dx, &dy));
                }
            }
            if wanted && covered + block == window.length {
                let state = if covered > 0 { &joined } else { &current };
                let [n, _, _, xx, yy, xy] =
                    state.planes.each_ref().map(|plane| &plane[..out.len()]);
                for (i, value) in out.iter_mut().enumerate() {
                    *value = self.value([n[i], xx[i], yy[i], xy[i]], window.required());
                }
                return;
            }
            let shift = block * lanes;
            rows -= shift;
            for i in (0..rows).step_by(WIDTH) {
                let (dx, dy) = (lead(x, i, shift), lead(y, i, shift));
                next.set(i, &current.get(i).merge(&current.get(i + shift), &dx, &dy));
            }
            if wanted && covered == 0 {
                (joined, current, next) = (current, next, joined);
            } else {
                (current, next) = (next, current);
            }
            if wanted {
                covered += block;
            }
            block *= 2;
        }
    }
}

impl Rolling<2> for Comoments {
    const COST: usize = 14;

    #[inline(always)]
    fn full(&self, tile: Tile<'_, 2>, window: Window, scratch: &mut Scratch, out: &mut [f64]) {
        let Tile {
            series: [x, y],
            lanes,
        } = tile;
        self.fold([x, y], None, lanes, window, scratch, out);
    }

    #[inline(always)]
    fn partial(
        &self,
        tile: Tile<'_, 2>,
        valid: &mut [f64],
        window: Window,
        scratch: &mut Scratch,
        out: &mut [f64],
    ) {
        let Tile {
            series: [x, y],
            lanes,
        } = tile;
        fill_back(x, valid, lanes);
        fill_back(y, valid, lanes);
        self.fold([x, y], Some(valid), lanes, window, scratch, out);
    }
}
