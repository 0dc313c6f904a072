//! From errors of the libraries to exceptions, with the same message.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use equipoise_data::DataError;
use equipoise_encoder::balance::BalanceError;
use equipoise_encoder::network::NetworkError;
use equipoise_studies::StudyError;
use equipoise_studies::settings::SettingsError;

/// Why a call failed, in the terms of the package's exceptions.
#[derive(Debug)]
pub enum Failure {
    /// Settings or arrays that make no sense: `SettingsError`, a `ValueError`.
    Request(String),
    /// A file that is not there: `MissingFileError`, a `FileNotFoundError`.
    Missing(String),
    /// Data or files that are damaged or do not suit: `DataError`, a `ValueError`.
    Data(String),
    /// A computation that failed: `RunError`.
    Run(String),
    /// A defect of this program: `InternalError`.
    Internal(String),
    /// Ctrl-C, or another exception that came while the call was under way.
    Interrupted(PyErr),
    /// The caller was told to stop.
    Stopped,
}

impl Failure {
    /// A request that makes no sense.
    pub fn request(reason: impl ToString) -> Self {
        Self::Request(reason.to_string())
    }

    /// A computation that failed.
    pub fn run(reason: impl ToString) -> Self {
        Self::Run(reason.to_string())
    }
}

/// The exceptions of `equipoise._errors`, by name.
fn exception<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyType>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        MODULE.get_or_try_init(py, || PyResult::Ok(py.import("equipoise._errors")?.unbind()))?;
    Ok(module.bind(py).getattr(name)?.cast_into::<PyType>()?)
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        let (name, message) = match failure {
            Failure::Interrupted(error) => return error,
            Failure::Request(message) => ("SettingsError", message),
            Failure::Missing(message) => ("MissingFileError", message),
            Failure::Data(message) => ("DataError", message),
            Failure::Run(message) => ("RunError", message),
            Failure::Internal(message) => ("InternalError", message),
            Failure::Stopped => ("RunError", "stopped on request".to_owned()),
        };
        Python::attach(|py| match exception(py, name) {
            Ok(kind) => PyErr::from_type(kind, message),
            Err(error) => error,
        })
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        match error {
            NetworkError::Stopped => Self::Stopped,
            error => Self::request(error),
        }
    }
}

impl From<BalanceError> for Failure {
    fn from(error: BalanceError) -> Self {
        match error {
            BalanceError::Stopped => Self::Stopped,
            error => Self::request(error),
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Unreadable { .. } => Self::Missing(error.to_string()),
            error => Self::request(error),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Stopped => Self::Stopped,
            DataError::Missing { .. } => Self::Missing(error.to_string()),
            error => Self::Data(error.to_string()),
        }
    }
}

impl From<StudyError> for Failure {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Settings(error) => error.into(),
            StudyError::Data(error) => error.into(),
            StudyError::Stopped => Self::Stopped,
            error if error.is_request() => Self::Data(error.to_string()),
            error => Self::run(error),
        }
    }
}
