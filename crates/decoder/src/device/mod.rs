//! Where tensors live: the choice of a backend at run time among those compiled in.

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A tensor backend of Burn.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Backend {
    /// Burn's Flex backend on the processor, always there; the fastest on a processor.
    #[default]
    Flex,
    /// The ndarray backend on the processor (cargo feature `ndarray`).
    Ndarray,
    /// Graphics processors through wgpu (cargo feature `wgpu`).
    Wgpu,
}

impl Backend {
    /// All backends, compiled in or not.
    pub const ALL: [Self; 3] = [Self::Flex, Self::Ndarray, Self::Wgpu];

    /// The name that [`FromStr`] reads.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
        }
    }

    /// The backend's default device.
    ///
    /// # Errors
    /// When the backend is not compiled in; the message names the cargo feature that adds it. Or when
    /// it finds no device.
    pub fn device(self) -> Result<Device, BackendError> {
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            #[expect(deprecated, reason = "on its way out of Burn, and a check on Flex until then")]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => wgpu_device(),
            #[cfg(not(all(feature = "ndarray", feature = "wgpu")))]
            missing => Err(BackendError::NotCompiledIn(missing)),
        }
    }
}

/// The default graphics adapter, opened once to see that there is one: Burn opens it at its first
/// use, and panics where there is none.
#[cfg(feature = "wgpu")]
fn wgpu_device() -> Result<Device, BackendError> {
    use std::panic;
    let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let opened = panic::catch_unwind(panic::AssertUnwindSafe(|| {
        burn::tensor::Tensor::<1>::zeros([1], &device).into_data()
    }));
    panic::set_hook(hook);
    opened.map(|_| device).map_err(|_| BackendError::NoAdapter)
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = BackendError;

    fn from_str(name: &str) -> Result<Self, BackendError> {
        Self::ALL
            .into_iter()
            .find(|backend| backend.name() == name)
            .ok_or_else(|| BackendError::Unknown(name.to_owned()))
    }
}

/// Why there is no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// No backend of this name.
    #[error("backend `{0}` is not one of flex, ndarray, wgpu")]
    Unknown(String),
    /// The backend is known, but this program was built without it.
    #[error("backend `{0}` is not compiled in: build with `--features {0}`, or use `flex`")]
    NotCompiledIn(Backend),
    /// There is no graphics adapter.
    #[error("backend `wgpu` finds no graphics adapter (Vulkan, Metal, DX12 or GL): use `flex`")]
    NoAdapter,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for backend in Backend::ALL {
            assert_eq!(backend.to_string().parse(), Ok(backend));
        }
        assert!("cuda".parse::<Backend>().unwrap_err().to_string().contains("flex"));
    }

    #[test]
    fn a_missing_backend_names_its_feature() {
        assert!(Backend::Flex.device().is_ok());
        for backend in [Backend::Ndarray, Backend::Wgpu] {
            if let Err(error @ BackendError::NotCompiledIn(_)) = backend.device() {
                assert!(error.to_string().contains(&format!("--features {backend}")));
            }
        }
    }
}
