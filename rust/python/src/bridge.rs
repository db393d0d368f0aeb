//! From numpy to kernels and back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use numpy::ndarray::{ArrayView2, ArrayViewMut2, Axis};
use numpy::{PyArrayDyn, PyArrayMethods, PyReadonlyArrayDyn, PyUntypedArrayMethods};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rustybt_kernels::Error;

pub type Array<'py> = PyReadonlyArrayDyn<'py, f64>;
pub type Output<'py> = Bound<'py, PyArrayDyn<f64>>;

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
pub fn value_error(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The shape as Python writes it.
fn written(shape: &[usize]) -> String {
    if let [rows] = shape {
        return format!("({rows},)");
    }
    let parts: Vec<_> = shape.iter().map(ToString::to_string).collect();
    format!("({})", parts.join(", "))
}

/// Series that kernels can read: of one shape, one or two dimensions, aligned.
pub struct Series<'a, 'py, const S: usize> {
    arrays: [&'a Array<'py>; S],
}

impl<'a, 'py, const S: usize> Series<'a, 'py, S> {
    pub fn new(names: [&str; S], arrays: [&'a Array<'py>; S]) -> PyResult<Self> {
        let shape = arrays[0].shape();
        for (name, array) in names.iter().zip(arrays) {
            if !(1..=2).contains(&array.ndim()) {
                return Err(PyValueError::new_err(format!(
                    "{name} must have 1 dimension (time) or 2 (time, asset), \
                     got an array of shape {}",
                    written(array.shape())
                )));
            }
            if array.shape() != shape {
                return Err(PyValueError::new_err(format!(
                    "{} and {name} must have the same shape, got {} and {}",
                    names[0],
                    written(shape),
                    written(array.shape())
                )));
            }
            let size = isize::try_from(size_of::<f64>()).unwrap_or(8);
            let whole = array.strides().iter().all(|stride| stride % size == 0);
            if !whole || !array.data().cast::<f64>().is_aligned() {
                return Err(PyValueError::new_err(format!(
                    "{name} is not aligned to float64 values; pass a copy of it"
                )));
            }
        }
        Ok(Self { arrays })
    }

    /// Rows, that is points in time.
    pub fn rows(&self) -> usize {
        self.arrays[0].shape()[0]
    }

    /// Computes `O` new arrays of the same shape and memory order, without the interpreter's lock.
    ///
    /// A panic is a bug of a kernel; it becomes a `RuntimeError`.
    pub fn compute<const O: usize>(
        &self,
        py: Python<'py>,
        kernel: impl FnOnce(&[ArrayView2<'_, f64>; S], [ArrayViewMut2<'_, f64>; O]) + Send,
    ) -> PyResult<[Output<'py>; O]> {
        let first = self.arrays[0];
        let fortran = first.is_fortran_contiguous() && !first.is_c_contiguous();
        let outputs = (0..O)
            .map(|_| empty(py, first.shape(), fortran))
            .collect::<PyResult<Vec<_>>>()?;
        let outputs: [Output<'py>; O] = outputs.try_into().expect("as many as were made");
        {
            let mut borrowed = outputs.each_ref().map(PyArrayMethods::readwrite);
            let sources = self.arrays.map(|array| {
                let view = array.as_array();
                let view = if view.ndim() == 1 {
                    view.insert_axis(Axis(1))
                } else {
                    view
                };
                view.into_dimensionality().expect("two dimensions")
            });
            let targets = borrowed.each_mut().map(|output| {
                let view = output.as_array_mut();
                let view = if view.ndim() == 1 {
                    view.insert_axis(Axis(1))
                } else {
                    view
                };
                view.into_dimensionality().expect("two dimensions")
            });
            py.detach(|| catch_unwind(AssertUnwindSafe(|| kernel(&sources, targets))))
                .map_err(|_| {
                    PyRuntimeError::new_err(format!(
                        "internal error in a kernel of rustybt._rustybt for an array of shape {}; \
                         please report it",
                        written(first.shape())
                    ))
                })?;
        }
        Ok(outputs)
    }
}

/// A new array whose values are still to be written, made by numpy itself: where memory does not
/// suffice it raises, and `PyArray::new` would panic.
fn empty<'py>(py: Python<'py>, shape: &[usize], fortran: bool) -> PyResult<Output<'py>> {
    let order = if fortran { "F" } else { "C" };
    let made = py
        .import("numpy")?
        .call_method1("empty", (PyTuple::new(py, shape)?, "float64", order))?;
    Ok(made.cast_into()?)
}
