//! The device that a network runs on, chosen at run time.

use std::fmt;
use std::str::FromStr;

use bindscape_core::{Error, Result};
use burn::tensor::Device;

/// A device by name, as the user writes it: `cpu`, or one of the graphics
/// interfaces that this program may have been built with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DeviceChoice {
    /// The processor (Burn's `flex` backend), always there.
    #[default]
    Cpu,
    /// An NVIDIA card through CUDA; Cargo feature `cuda`.
    Cuda,
    /// An Apple card through Metal; Cargo feature `metal`.
    Metal,
    /// An AMD card through ROCm; Cargo feature `rocm`.
    Rocm,
    /// Any card through Vulkan; Cargo feature `vulkan`.
    Vulkan,
    /// Any card through WebGPU; Cargo feature `webgpu`.
    WebGpu,
}

impl DeviceChoice {
    /// All choices, whether compiled in or not.
    pub const ALL: [Self; 6] = [
        Self::Cpu,
        Self::Cuda,
        Self::Metal,
        Self::Rocm,
        Self::Vulkan,
        Self::WebGpu,
    ];

    /// The name that the user writes, and the name of the Cargo feature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::Metal => "metal",
            Self::Rocm => "rocm",
            Self::Vulkan => "vulkan",
            Self::WebGpu => "webgpu",
        }
    }

    /// Whether this program was built with the device.
    #[must_use]
    pub fn available(self) -> bool {
        match self {
            Self::Cpu => true,
            Self::Cuda => cfg!(feature = "cuda"),
            Self::Metal => cfg!(feature = "metal"),
            Self::Rocm => cfg!(feature = "rocm"),
            Self::Vulkan => cfg!(feature = "vulkan"),
            Self::WebGpu => cfg!(feature = "webgpu"),
        }
    }

    /// The Burn device.
    ///
    /// # Errors
    /// If this program was built without it; the hint names the Cargo feature.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::flex()),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0)),
            #[cfg(feature = "metal")]
            Self::Metal => Ok(Device::metal(Default::default())),
            #[cfg(feature = "rocm")]
            Self::Rocm => Ok(Device::rocm(0)),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Ok(Device::vulkan(Default::default())),
            #[cfg(feature = "webgpu")]
            Self::WebGpu => Ok(Device::webgpu(Default::default())),
            #[allow(unreachable_patterns)]
            missing => Err(Error::option(
                "--device",
                "a device that this program was built with",
                format!("`{missing}`"),
            )
            .hint(format!(
                "build with `cargo build --release --features {missing}`, or use `cpu`"
            ))),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|choice| choice.name() == text)
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|choice| choice.name()).collect();
                Error::option(
                    "--device",
                    format!("one of {}", names.join(", ")),
                    format!("`{text}`"),
                )
                .hint(bindscape_core::names::suggestion(
                    text,
                    names,
                    "`cpu` works everywhere",
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_errors_help() {
        for choice in DeviceChoice::ALL {
            assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
        }
        assert!(DeviceChoice::Cpu.open().is_ok());
        let error = "vulcan".parse::<DeviceChoice>().unwrap_err();
        assert!(error.to_string().contains("found `vulcan`"), "{error}");
        assert_eq!(error.advice().unwrap(), "did you mean vulkan?");
        for choice in DeviceChoice::ALL.into_iter().filter(|c| !c.available()) {
            let error = choice.open().unwrap_err();
            let wanted = format!("--features {choice}");
            assert!(error.advice().unwrap().contains(&wanted), "{error}");
        }
    }
}
