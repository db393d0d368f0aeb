//! Working memory that a thread keeps from tile to tile.

#[derive(Default)]
pub struct Scratch {
    memory: Vec<f64>,
}

impl Scratch {
    /// `N` disjoint planes of `length` values each; what they hold is unspecified.
    pub fn planes<const N: usize>(&mut self, length: usize) -> [&mut [f64]; N] {
        // Planes a multiple of 4 KiB apart would compete for the same sets of the first cache.
        let stride = length + 24;
        if self.memory.len() < N * stride {
            self.memory.resize(N * stride, 0.0);
        }
        let mut rest = self.memory.as_mut_slice();
        std::array::from_fn(|_| {
            let (plane, tail) = std::mem::take(&mut rest).split_at_mut(stride);
            rest = tail;
            &mut plane[..length]
        })
    }
}
