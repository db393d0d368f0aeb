//! Sweeps down the rows with one state per column.
//!
//! Where columns lie side by side, `LANES` of them advance together, so that a row is read whole
//! and the recursion's latency is hidden; otherwise each column goes alone.

use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};

use crate::pool;
use crate::simd::{self, Work};

/// Columns that advance together.
const LANES: usize = 32;

/// Nanoseconds a value takes, roughly.
const COST: usize = 3;

/// Rows handed to a kernel at a time, a multiple of every group of rows that a kernel forms; a
/// chunk stays in cache.
const ROWS: usize = 256;

/// A recursion over `I` series with `O` results.
pub trait Recursion<const I: usize, const O: usize>: Sync {
    /// What is remembered from row to row, for `N` columns.
    type State<const N: usize>;

    fn start<const N: usize>(&self) -> Self::State<N>;

    /// Advances by the rows of a chunk, which `input` and `output` hold in equal number.
    ///
    /// A missing value is NaN.
    fn advance<const N: usize>(
        &self,
        state: &mut Self::State<N>,
        input: [&[[f64; N]]; I],
        output: [&mut [[f64; N]]; O],
    );
}

/// The values in groups of `N`; those that do not fill a group are left out.
#[inline(always)]
pub fn in_groups<T, const N: usize>(values: &[T]) -> &[[T; N]] {
    // SAFETY: an array of N values is laid out as N values are, and as many arrays fit.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len() / N) }
}

/// As [`in_groups`].
#[inline(always)]
pub fn in_groups_mut<T, const N: usize>(values: &mut [T]) -> &mut [[T; N]] {
    // SAFETY: an array of N values is laid out as N values are, and as many arrays fit.
    unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len() / N) }
}

struct Place<'a, const O: usize> {
    column: usize,
    outputs: [ArrayViewMut2<'a, f64>; O],
}

struct PlaceWork<'a, 'o, R, const I: usize, const O: usize, const N: usize> {
    kernel: &'a R,
    sources: &'a [ArrayView2<'a, f64>; I],
    place: Place<'o, O>,
}

#[inline(always)]
fn cleaned(value: f64) -> f64 {
    if value.is_finite() { value } else { f64::NAN }
}

/// The rows of a block as they lie in memory, if they lie there without gaps.
#[inline(always)]
fn as_rows<'a, const N: usize>(block: &ArrayView2<'a, f64>) -> Option<&'a [[f64; N]]> {
    let values = if block.ncols() == N {
        block.to_slice()
    } else {
        None
    };
    values.map(in_groups)
}

#[inline(always)]
fn none_infinite<const N: usize>(rows: &[[f64; N]]) -> bool {
    let mut infinite = false;
    for value in rows.as_flattened() {
        infinite |= value.is_infinite();
    }
    !infinite
}

/// Copies rows in; infinite values become NaN, lanes beyond the last column repeat the first.
#[inline(always)]
fn copy_in<const N: usize>(source: &ArrayView2<'_, f64>, target: &mut [[f64; N]]) {
    for (to, row) in target.iter_mut().zip(source.rows()) {
        match row.as_slice() {
            Some(values) if values.len() == N => {
                to.iter_mut()
                    .zip(values)
                    .for_each(|(to, from)| *to = cleaned(*from));
            }
            _ => {
                to.fill(cleaned(row[0]));
                to.iter_mut()
                    .zip(row)
                    .for_each(|(to, from)| *to = cleaned(*from));
            }
        }
    }
}

/// Copies rows out, as many lanes as there are columns.
#[inline(always)]
fn copy_out<const N: usize>(chunk: &[[f64; N]], mut target: ArrayViewMut2<'_, f64>) {
    let width = target.ncols();
    for (mut to, from) in target.rows_mut().into_iter().zip(chunk) {
        match to.as_slice_mut() {
            Some(slice) => slice.copy_from_slice(&from[..width]),
            None => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        }
    }
}

impl<R: Recursion<I, O>, const I: usize, const O: usize, const N: usize> Work
    for PlaceWork<'_, '_, R, I, O, N>
{
    #[inline(always)]
    fn run(self) {
        let Self {
            kernel,
            sources,
            mut place,
        } = self;
        let (rows, width) = place.outputs[0].dim();
        let columns = place.column..place.column + width;
        let direct = width == N && place.outputs.iter().all(ArrayViewMut2::is_standard_layout);
        let mut state = kernel.start::<N>();
        let mut input = [[[f64::NAN; N]; ROWS]; I];
        let mut output = [[[f64::NAN; N]; ROWS]; O];
        let mut row = 0;
        while row < rows {
            let end = (row + ROWS).min(rows);
            let mut read: [&[[f64; N]]; I] = [&[]; I];
            for ((read, chunk), source) in read.iter_mut().zip(&mut input).zip(sources) {
                let block = (*source).slice_move(s![row..end, columns.clone()]);
                *read = match as_rows(&block) {
                    Some(rows) if none_infinite(rows) => rows,
                    _ => {
                        copy_in(&block, &mut chunk[..end - row]);
                        &chunk[..end - row]
                    }
                };
            }
            if direct {
                let write = place.outputs.each_mut().map(|output| {
                    let values = output.as_slice_mut().unwrap_or_default();
                    &mut in_groups_mut(values)[row..end]
                });
                kernel.advance::<N>(&mut state, read, write);
            } else {
                let write = output.each_mut().map(|chunk| &mut chunk[..end - row]);
                kernel.advance::<N>(&mut state, read, write);
                for (target, chunk) in place.outputs.iter_mut().zip(&output) {
                    copy_out(chunk, target.slice_mut(s![row..end, ..]));
                }
            }
            row = end;
        }
    }
}

#[inline(always)]
pub fn all_present<const N: usize>(rows: &[[f64; N]]) -> bool {
    let mut present = true;
    for value in rows.as_flattened() {
        present &= !value.is_nan();
    }
    present
}

/// Fills the `O` arrays of `outputs` from the `I` series in `sources`, all of one shape.
///
/// # Panics
///
/// If the shapes differ.
pub fn run<R: Recursion<I, O>, const I: usize, const O: usize>(
    kernel: &R,
    sources: &[ArrayView2<'_, f64>; I],
    mut outputs: [ArrayViewMut2<'_, f64>; O],
) {
    let shape = outputs[0].dim();
    let alike = sources.iter().all(|source| source.dim() == shape)
        && outputs.iter().all(|output| output.dim() == shape);
    assert!(alike, "shapes differ");
    let adjacent = sources.iter().all(|source| source.strides()[1] == 1);
    let width = if adjacent && shape.1 > 1 { LANES } else { 1 };

    let mut places = Vec::with_capacity(shape.1.div_ceil(width));
    let mut column = 0;
    while column < shape.1 {
        let taken = width.min(shape.1 - column);
        let halves = outputs.map(|output| output.split_at(Axis(1), taken));
        let mut rest = Vec::with_capacity(O);
        let left = halves.map(|(left, right)| {
            rest.push(right);
            left
        });
        places.push(Place {
            column,
            outputs: left,
        });
        let mut rest = rest.into_iter();
        outputs = std::array::from_fn(|_| {
            rest.next()
                .unwrap_or_else(|| ArrayViewMut2::from_shape((0, 0), &mut []).expect("empty"))
        });
        column += taken;
    }
    pool::for_each(places, shape.0 * shape.1 * COST, &|(), place| {
        if width == 1 {
            simd::dispatch(PlaceWork::<R, I, O, 1> {
                kernel,
                sources,
                place,
            });
        } else {
            simd::dispatch(PlaceWork::<R, I, O, LANES> {
                kernel,
                sources,
                place,
            });
        }
    });
}
