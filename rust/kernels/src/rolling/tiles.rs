//! Cuts an array into tiles and hands each to a kernel.
//!
//! A tile is a block of rows of a few adjacent columns, together with the `window - 1` rows before
//! it. Its values are copied into contiguous memory, row by row, so that a kernel sees one layout:
//! the row after row `i` starts `lanes` values further on.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

use super::scratch::Scratch;
use super::window::Window;
use crate::pool;
use crate::simd::{self, Work};

/// Rows and columns of a tile's output.
#[derive(Clone, Copy)]
pub struct Shape {
    pub rows: usize,
    pub lanes: usize,
}

/// The contiguous values of a tile: `rows + window - 1` rows of `lanes` values, per series.
pub struct Tile<'a, const S: usize> {
    pub series: [&'a mut [f64]; S],
    pub lanes: usize,
}

/// A statistic of `S` series over a moving window.
pub trait Rolling<const S: usize>: Sync {
    /// Nanoseconds a value takes, roughly: what to share among threads depends on it.
    const COST: usize;

    /// The tile that suits the kernel; `lanes` is the most columns that lie side by side.
    fn shape(&self, window: usize, lanes: usize) -> Shape {
        let lanes = lanes_for(window, lanes.min(LANES));
        Shape {
            // The copied rows before the tile stay cheap, and a few planes of it fit the cache.
            rows: (1024 / lanes).max(window.saturating_mul(4)),
            lanes,
        }
    }

    /// Computes a tile in which nothing is missing.
    fn full(&self, tile: Tile<'_, S>, window: Window, scratch: &mut Scratch, out: &mut [f64]);

    /// Computes a tile with missing values: `valid` is 1.0 where all series have a value, else 0.0,
    /// and the series hold 0.0 there. Windows without a gap must give the bits `full` gives.
    fn partial(
        &self,
        tile: Tile<'_, S>,
        valid: &mut [f64],
        window: Window,
        scratch: &mut Scratch,
        out: &mut [f64],
    );
}

/// The most columns that a tile takes.
const LANES: usize = 64;

/// The most values of one window's length across a tile's columns: a kernel keeps several planes
/// of a tile, so side by side long windows would take many times the memory of the array.
const ACROSS: usize = 1 << 18;

/// Columns that a tile takes, at least 1 and at most `lanes`.
pub fn lanes_for(window: usize, lanes: usize) -> usize {
    lanes.min(ACROSS / window).max(1)
}

struct Place<'a> {
    row: usize,
    column: usize,
    out: ArrayViewMut2<'a, f64>,
}

fn places(out: ArrayViewMut2<'_, f64>, shape: Shape) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let mut right = out;
    let mut column = 0;
    while right.ncols() > 0 {
        let width = shape.lanes.min(right.ncols());
        let (mut below, rest) = right.split_at(Axis(1), width);
        right = rest;
        let mut row = 0;
        while below.nrows() > 0 {
            let height = shape.rows.min(below.nrows());
            let (tile, rest) = below.split_at(Axis(0), height);
            below = rest;
            found.push(Place {
                row,
                column,
                out: tile,
            });
            row += height;
        }
        column += width;
    }
    found
}

/// Copies `source` and tells whether all of it is finite.
#[inline(always)]
fn copy_checked(target: &mut [f64], source: &[f64]) -> bool {
    const EXPONENT: u64 = 0x7ff0_0000_0000_0000;
    let mut bad = 0_u64;
    for (to, from) in target.iter_mut().zip(source) {
        *to = *from;
        bad |= u64::from(from.to_bits() & EXPONENT == EXPONENT);
    }
    bad == 0
}

/// Copies a block row by row and tells whether all of it is finite.
#[inline(always)]
fn copy_in(source: &ArrayView2<'_, f64>, target: &mut [f64]) -> bool {
    let lanes = source.ncols();
    let mut finite = true;
    if lanes == 1 {
        let column = source.index_axis(Axis(1), 0);
        if let Some(values) = column.as_slice() {
            return copy_checked(target, values);
        }
        for (to, from) in target.iter_mut().zip(column) {
            *to = *from;
            finite &= from.is_finite();
        }
        return finite;
    }
    for (to, row) in target.chunks_exact_mut(lanes).zip(source.rows()) {
        if let Some(values) = row.as_slice() {
            finite &= copy_checked(to, values);
        } else {
            for (to, from) in to.iter_mut().zip(row) {
                *to = *from;
                finite &= from.is_finite();
            }
        }
    }
    finite
}

struct TileWork<'a, 'o, R, const S: usize> {
    kernel: &'a R,
    sources: &'a [ArrayView2<'a, f64>; S],
    window: Window,
    place: Place<'o>,
    memory: &'a mut Memory,
}

#[derive(Default)]
struct Memory {
    input: Scratch,
    planes: Scratch,
    output: Vec<f64>,
}

impl<R: Rolling<S>, const S: usize> Work for TileWork<'_, '_, R, S> {
    #[inline(always)]
    fn run(self) {
        let Self {
            kernel,
            sources,
            window,
            mut place,
            memory,
        } = self;
        let (rows, lanes) = place.out.dim();
        let halo = window.length - 1;
        // Rows of the tile that come before the array begins.
        let absent = halo.saturating_sub(place.row);
        let first = place.row + absent - halo;
        let total = (rows + halo) * lanes;

        let [valid, series @ ..] = &mut memory.input.planes::<3>(total);
        let mut series: [&mut [f64]; S] =
            std::array::from_fn(|index| std::mem::take(&mut series[index]));
        let mut complete = true;
        for (plane, source) in series.iter_mut().zip(sources) {
            plane[..absent * lanes].fill(0.0);
            let block = source.slice(s![
                first..place.row + rows,
                place.column..place.column + lanes
            ]);
            complete &= copy_in(&block, &mut plane[absent * lanes..]);
        }

        let in_place = place.out.is_standard_layout();
        memory
            .output
            .resize(if in_place { 0 } else { rows * lanes }, 0.0);
        let out = place
            .out
            .as_slice_mut()
            .unwrap_or(memory.output.as_mut_slice());
        // While this tile is computed, memory can bring the next one of the same column; a kernel
        // that is done in a moment would only be held up by asking.
        if lanes == 1 && R::COST > 1 {
            for source in sources {
                if let Some(column) = source.index_axis(Axis(1), place.column).as_slice() {
                    let next = place.row + rows;
                    simd::prefetch(&column[next..(next + rows).min(column.len())]);
                }
            }
        }
        if complete && (absent == 0 || window.min_periods == window.length) {
            kernel.full(Tile { series, lanes }, window, &mut memory.planes, out);
            out[..absent.min(rows) * lanes].fill(f64::NAN);
        } else {
            valid[..absent * lanes].fill(0.0);
            for index in absent * lanes..total {
                let present = series.iter().all(|plane| plane[index].is_finite());
                valid[index] = f64::from(u8::from(present));
                if !present {
                    for plane in &mut series {
                        plane[index] = 0.0;
                    }
                }
            }
            kernel.partial(
                Tile { series, lanes },
                valid,
                window,
                &mut memory.planes,
                out,
            );
        }
        if !in_place {
            let values = memory.output.chunks_exact(lanes);
            for (mut row, values) in place.out.rows_mut().into_iter().zip(values) {
                match row.as_slice_mut() {
                    Some(slice) => slice.copy_from_slice(values),
                    None => row
                        .iter_mut()
                        .zip(values)
                        .for_each(|(to, from)| *to = *from),
                }
            }
        }
    }
}

/// Fills `out` with the statistic of the `S` series in `sources`, all of one shape.
///
/// # Panics
///
/// If the shapes differ.
pub fn run<R: Rolling<S>, const S: usize>(
    kernel: &R,
    sources: &[ArrayView2<'_, f64>; S],
    window: Window,
    out: ArrayViewMut2<'_, f64>,
) {
    for source in sources {
        assert_eq!(source.dim(), out.dim(), "shapes differ");
    }
    let adjacent = sources.iter().all(|source| source.strides()[1] == 1);
    let shape = kernel.shape(window.length, if adjacent { out.ncols() } else { 1 });
    let work = out.len() * R::COST;
    pool::for_each(places(out, shape), work, &|memory: &mut Memory, place| {
        simd::dispatch(TileWork {
            kernel,
            sources,
            window,
            place,
            memory,
        });
    });
}
