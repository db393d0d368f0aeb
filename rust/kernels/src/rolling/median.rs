//! Median.

use super::scratch::Scratch;
use super::tiles::{Rolling, Shape, Tile, lanes_for};
use super::window::Window;

/// Rolling median, exact; of an even number of values, the mean of the middle two.
///
/// A short window is kept sorted; a long one is a tree of counts over the ranks of the values.
pub struct Median;

/// From this window on, `log2` steps through a tree are cheaper than shifting a sorted array.
const TREE_FROM: usize = 1024;

/// Position of the first value not less than `value`. Counting all of them needs no branch.
#[inline(always)]
fn position(sorted: &[f64], value: f64) -> usize {
    if sorted.len() > 128 {
        return sorted.partition_point(|other| *other < value);
    }
    let mut below = 0;
    for other in sorted {
        below += usize::from(*other < value);
    }
    below
}

#[inline(always)]
fn middle(count: usize, required: usize, nth: impl Fn(usize) -> f64) -> f64 {
    if count < required {
        f64::NAN
    } else if count % 2 == 1 {
        nth(count / 2)
    } else {
        nth(count / 2 - 1).midpoint(nth(count / 2))
    }
}

/// The medians of the windows that end in each row from `window - 1` on; gaps in `x` are NaN.
#[inline(always)]
fn by_sorting(x: &[f64], window: Window, mut put: impl FnMut(usize, f64)) {
    let mut sorted = vec![0.0; window.length];
    let mut count = 0;
    for (row, &value) in x.iter().enumerate() {
        let leaving = if row >= window.length {
            x[row - window.length]
        } else {
            f64::NAN
        };
        match (leaving.is_nan(), value.is_nan()) {
            (false, false) => {
                // One shift of what lies between the two places replaces the old by the new.
                let old = position(&sorted[..count], leaving);
                let new = position(&sorted[..count], value);
                if old < new {
                    sorted.copy_within(old + 1..new, old);
                    sorted[new - 1] = value;
                } else {
                    sorted.copy_within(new..old, new + 1);
                    sorted[new] = value;
                }
            }
            (false, true) => {
                let old = position(&sorted[..count], leaving);
                sorted.copy_within(old + 1..count, old);
                count -= 1;
            }
            (true, false) => {
                let new = position(&sorted[..count], value);
                sorted.copy_within(new..count, new + 1);
                sorted[new] = value;
                count += 1;
            }
            (true, true) => {}
        }
        if row + 1 >= window.length {
            let median = middle(count, window.min_periods, |nth| sorted[nth]);
            put(row + 1 - window.length, median);
        }
    }
}

/// Fenwick tree (Fenwick, 1994) of how many values of each rank are in the window.
struct Counts {
    tree: Vec<u32>,
    top: usize,
}

impl Counts {
    fn new(ranks: usize) -> Self {
        Self {
            tree: vec![0; ranks + 1],
            top: (ranks + 1).next_power_of_two() / 2,
        }
    }

    fn update(&mut self, rank: usize, change: impl Fn(u32) -> u32) {
        let mut node = rank + 1;
        while node < self.tree.len() {
            self.tree[node] = change(self.tree[node]);
            node += node & node.wrapping_neg();
        }
    }

    /// The rank of the value that has `nth` values before it.
    fn nth(&self, nth: usize) -> usize {
        let (mut node, mut left, mut step) = (0, nth, self.top);
        while step > 0 {
            if node + step < self.tree.len() && self.tree[node + step] as usize <= left {
                node += step;
                left -= self.tree[node] as usize;
            }
            step /= 2;
        }
        node
    }
}

fn by_rank(x: &[f64], window: Window, mut put: impl FnMut(usize, f64)) {
    let mut order: Vec<usize> = (0..x.len()).filter(|row| !x[*row].is_nan()).collect();
    order.sort_unstable_by(|a, b| x[*a].total_cmp(&x[*b]));
    let mut ranks = vec![None; x.len()];
    for (rank, row) in order.iter().enumerate() {
        ranks[*row] = Some(rank);
    }
    let mut counts = Counts::new(order.len());
    let mut count = 0;
    for row in 0..x.len() {
        let leaving = row
            .checked_sub(window.length)
            .and_then(|before| ranks[before]);
        if let Some(rank) = leaving {
            counts.update(rank, |n| n - 1);
            count -= 1;
        }
        if let Some(rank) = ranks[row] {
            counts.update(rank, |n| n + 1);
            count += 1;
        }
        if row + 1 >= window.length {
            let median = middle(count, window.min_periods, |nth| x[order[counts.nth(nth)]]);
            put(row + 1 - window.length, median);
        }
    }
}

/// Medians of each lane in turn, gathered into contiguous memory first.
#[inline(always)]
fn by_lane(x: &[f64], lanes: usize, window: Window, scratch: &mut Scratch, out: &mut [f64]) {
    let [lane_values] = scratch.planes::<1>(x.len() / lanes);
    for lane in 0..lanes {
        for (to, from) in lane_values.iter_mut().zip(x[lane..].iter().step_by(lanes)) {
            *to = *from;
        }
        let put = |row: usize, value: f64| out[row * lanes + lane] = value;
        if window.length < TREE_FROM {
            by_sorting(lane_values, window, put);
        } else {
            by_rank(lane_values, window, put);
        }
    }
}

impl Rolling<1> for Median {
    const COST: usize = 30;

    fn shape(&self, window: usize, lanes: usize) -> Shape {
        Shape {
            rows: window.saturating_mul(16).max(4096),
            lanes: lanes_for(window, lanes.min(8)),
        }
    }

    #[inline(always)]
    fn full(&self, tile: Tile<'_, 1>, window: Window, scratch: &mut Scratch, out: &mut [f64]) {
        let Tile { series: [x], lanes } = tile;
        by_lane(x, lanes, window, scratch, out);
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
        for (value, valid) in x.iter_mut().zip(&*valid) {
            *value = if *valid > 0.0 { *value } else { f64::NAN };
        }
        by_lane(x, lanes, window, scratch, out);
    }
}
