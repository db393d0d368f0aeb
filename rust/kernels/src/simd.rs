//! Runs a kernel with the widest vector instructions that the processor has.
//!
//! Only the width changes. Fused multiply-add stays off, so that every machine gives the same bits.

/// Work whose loops are to be compiled once per instruction set.
///
/// `run` and everything it calls in its loops must be `#[inline(always)]`: code is compiled for
/// the instruction set of the function it ends up in.
pub trait Work {
    fn run(self);
}

/// # Safety
///
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn run_avx2<W: Work>(work: W) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
pub fn dispatch<W: Work>(work: W) {
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just been found to have AVX2.
        unsafe { run_avx2(work) }
    } else {
        work.run();
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub fn dispatch<W: Work>(work: W) {
    work.run();
}

/// Asks for values that will be read soon, where the processor can be asked.
#[inline(always)]
pub fn prefetch(values: &[f64]) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

        for line in values.chunks(64 / size_of::<f64>()) {
            // SAFETY: a prefetch reads nothing, and the address lies within the slice anyway.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = values;
}
