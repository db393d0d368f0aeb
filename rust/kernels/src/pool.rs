//! The threads that columns and tiles are shared among.
//!
//! Threads do not survive `fork`, but rayon's own global pool would still be waited for by the
//! child, for ever. The pool here belongs to the process that made it; a forked child makes its own.

use std::process;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Below this much work, in nanoseconds of one thread, the hand-over costs more than it saves.
const PARALLEL_FROM: usize = 250_000;

struct Owned {
    process: u32,
    threads: ThreadPool,
}

static POOL: AtomicPtr<Owned> = AtomicPtr::new(ptr::null_mut());

fn current() -> Option<&'static ThreadPool> {
    let process = process::id();
    let found = POOL.load(Ordering::Acquire);
    // SAFETY: a pointer stored in POOL comes from Box::into_raw below and is never freed.
    match unsafe { found.as_ref() } {
        Some(owned) if owned.process == process => return Some(&owned.threads),
        _ => {}
    }
    // A machine that refuses more threads still gets its result, on the caller's thread.
    let threads = ThreadPoolBuilder::new()
        .thread_name(|index| format!("rustybt-{index}"))
        .build()
        .ok()?;
    let made = Box::into_raw(Box::new(Owned { process, threads }));
    match POOL.compare_exchange(found, made, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: `made` was leaked just above and nobody frees it.
        Ok(_) => Some(unsafe { &(*made).threads }),
        Err(other) => {
            // SAFETY: another thread was faster; `made` never became visible, `other` is never freed.
            unsafe {
                drop(Box::from_raw(made));
                other.as_ref().map(|owned| &owned.threads)
            }
        }
    }
}

/// Calls `apply` for each item, in parallel when `work`, in nanoseconds of one thread, is worth it.
///
/// Each thread reuses its scratch area. `apply` is called through a pointer, so that the machinery
/// of parallel iteration is compiled once and not again for every kernel.
pub fn for_each<T: Send, S: Default>(
    items: Vec<T>,
    work: usize,
    apply: &(dyn Fn(&mut S, T) + Sync),
) {
    use rayon::prelude::*;

    let threads = if work >= PARALLEL_FROM && items.len() > 1 {
        current()
    } else {
        None
    };
    match threads {
        Some(threads) if threads.current_num_threads() > 1 => threads.install(|| {
            items.into_par_iter().for_each_init(S::default, apply);
        }),
        _ => {
            let mut scratch = S::default();
            for item in items {
                apply(&mut scratch, item);
            }
        }
    }
}
