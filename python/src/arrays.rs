//! NumPy arrays, borrowed and given.

use numpy::{
    Element, IntoPyArray, PyArray, PyArray1, PyArrayMethods, PyReadonlyArray, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

use crate::errors::Failure;

/// The numbers of an array, which must be contiguous.
pub fn slice<'a, T: Element, D: numpy::ndarray::Dimension>(
    name: &str,
    array: &'a PyReadonlyArray<'_, T, D>,
) -> Result<&'a [T], Failure> {
    array.as_slice().map_err(|_| Failure::request(format!("{name}: the array is not contiguous")))
}

/// The numbers of an array, borrowed for as long as a call lasts that may outlive its caller's
/// wait (see [`crate::call::long`]).
#[derive(Debug)]
pub struct Borrowed<T> {
    /// Keeps the numbers where they are.
    _array: Py<PyAny>,
    data: *const T,
    len: usize,
}

// SAFETY: the numbers are plain (`Element + Copy`), only read, and kept alive and in place by the
// reference to their array, which NumPy does not resize while there is one. As in NumPy's own calls
// that let go of the interpreter's lock, it is on the caller not to write into an array meanwhile.
unsafe impl<T: Sync> Send for Borrowed<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Borrowed<T> {}

impl<T: Element + Copy> Borrowed<T> {
    /// Borrows a contiguous array.
    pub fn of<D: numpy::ndarray::Dimension>(
        name: &str,
        array: &PyReadonlyArray<'_, T, D>,
    ) -> Result<Self, Failure> {
        let numbers = slice(name, array)?;
        let (data, len) = (numbers.as_ptr(), numbers.len());
        Ok(Self { _array: array.as_any().clone().unbind(), data, len })
    }

    /// The numbers.
    pub fn numbers(&self) -> &[T] {
        // SAFETY: `data` and `len` are of the slice of a contiguous array, which lives as `self`.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

/// A list of numbers as an array of two dimensions, without a copy.
pub fn table<T: Element>(
    py: Python<'_>,
    numbers: Vec<T>,
    shape: [usize; 2],
) -> PyResult<Bound<'_, PyArray<T, numpy::Ix2>>> {
    numbers.into_pyarray(py).reshape(shape)
}

/// Numbers that may be missing, NaN where they are.
pub fn optional(py: Python<'_>, numbers: Vec<Option<f64>>) -> Bound<'_, PyArray1<f64>> {
    let numbers: Vec<f64> = numbers.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect();
    numbers.into_pyarray(py)
}

/// Where the library sees the numbers of an array: its address.
#[pyfunction]
pub fn address(array: &Bound<'_, numpy::PyUntypedArray>) -> PyResult<usize> {
    if !array.is_contiguous() {
        return Err(Failure::request("the array is not contiguous").into());
    }
    if let Ok(numbers) = array.cast::<PyArray<f32, numpy::IxDyn>>() {
        return Ok(Borrowed::of("array", &numbers.readonly())?.numbers().as_ptr() as usize);
    }
    if let Ok(numbers) = array.cast::<PyArray<f64, numpy::IxDyn>>() {
        return Ok(Borrowed::of("array", &numbers.readonly())?.numbers().as_ptr() as usize);
    }
    Err(Failure::request("the array is neither of float32 nor of float64").into())
}
