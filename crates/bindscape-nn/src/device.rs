//! The device that a network runs on, chosen at run time.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::str::FromStr;
use std::sync::OnceLock;

use bindscape_base::{Error, Result, names};
use burn::tensor::{DType, Device, Tensor};

use crate::precision::Precision;

#[cfg(test)]
mod agreement;

/// A device by name, as the user writes it: `cpu`, or one of the graphics
/// interfaces that this program may have been built with.
///
/// ```
/// use bindscape_nn::DeviceChoice;
///
/// let choice: DeviceChoice = "cpu".parse().unwrap();
/// assert!(choice.available() && choice.open().is_ok());
/// ```
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

    /// The Burn device, after a first small computation on it.
    ///
    /// # Errors
    /// If this program was built without it, or the machine has no such device or
    /// no driver for it, or the device computes wrongly; the hint says what to do.
    pub fn open(self) -> Result<Device> {
        self.open_for(Precision::F32)
    }

    /// As [`DeviceChoice::open`], for a network with products in `precision`.
    ///
    /// # Errors
    /// As there, and if the device does not compute in that type. The processor computes
    /// in `f32` alone.
    pub fn open_for(self, precision: Precision) -> Result<Device> {
        if self == Self::Cpu && precision != Precision::F32 {
            return Err(Error::argument(
                "precision",
                "f32, in which the kernels of ⟦device⟧ cpu compute",
                precision.name(),
            )
            .hint("choose a graphics device with ⟦device⟧, or leave ⟦precision⟧ out"));
        }
        let device = self.handle().ok_or_else(|| {
            Error::device(
                "device",
                "a device that this program was built with",
                format!("`{self}`"),
            )
            .hint(format!(
                "build with `cargo build --release --features {self}`, or use `cpu`"
            ))
        })?;
        if let Some(found) = self.tried(&device, Precision::F32) {
            return Err(Error::device(
                "device",
                format!("a device for `{self}` that works"),
                found,
            )
            .hint(format!("{}, or use ⟦device⟧ cpu", self.needs())));
        }
        match self.tried(&device, precision) {
            None => Ok(device),
            Some(found) => Err(Error::device(
                "precision",
                format!("a type that the device for `{self}` computes in"),
                found,
            )
            .hint("leave ⟦precision⟧ out to compute in f32")),
        }
    }

    /// What is found instead of a device that computes in `precision`, if anything. It is
    /// tried once per process; the processor needs no trial.
    fn tried(self, device: &Device, precision: Precision) -> Option<&'static str> {
        const TYPES: usize = Precision::ALL.len();
        static TRIED: [[OnceLock<Option<String>>; TYPES]; DeviceChoice::ALL.len()] =
            [const { [const { OnceLock::new() }; TYPES] }; DeviceChoice::ALL.len()];
        let trial = || match self {
            Self::Cpu => None,
            _ => trial(device, precision).err(),
        };
        TRIED[self as usize][precision as usize]
            .get_or_init(trial)
            .as_deref()
    }

    /// The device in Burn's words, which nothing has used yet; `None` if this
    /// program was built without it.
    fn handle(self) -> Option<Device> {
        match self {
            Self::Cpu => Some(Device::flex()),
            #[cfg(feature = "cuda")]
            Self::Cuda => Some(Device::cuda(0)),
            #[cfg(feature = "metal")]
            Self::Metal => Some(Device::metal(Default::default())),
            #[cfg(feature = "rocm")]
            Self::Rocm => Some(Device::rocm(0)),
            #[cfg(feature = "vulkan")]
            Self::Vulkan => Some(Device::vulkan(Default::default())),
            #[cfg(feature = "webgpu")]
            Self::WebGpu => Some(Device::webgpu(Default::default())),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    /// What the device needs beyond this program.
    fn needs(self) -> &'static str {
        match self {
            Self::Cpu => "nothing",
            Self::Cuda => "install NVIDIA's driver and CUDA (`nvidia-smi` lists the cards)",
            Self::Metal => "an Apple computer is needed",
            Self::Rocm => "install AMD's driver and ROCm (`rocminfo` lists the cards)",
            Self::Vulkan => {
                "install a Vulkan driver for the card that has \
                 VK_KHR_workgroup_memory_explicit_layout (`vulkaninfo` tells)"
            }
            Self::WebGpu => "install the card's graphics driver",
        }
    }
}

/// Multiplies two small matrices on the device. Burn opens a device on its first use,
/// and panics where there is none: the panic becomes the error, which tells in words
/// what was found.
fn trial(device: &Device, precision: Precision) -> Result<(), String> {
    let product = || {
        if precision != Precision::F32 && !device.supports_dtype(precision.dtype()) {
            return Ok(None);
        }
        let matrix = |rows| Tensor::<2>::from_data(rows, device).cast(precision.dtype());
        matrix([[1.0_f32, 2.0], [3.0, 4.0]])
            .matmul(matrix([[5.0_f32, 6.0], [7.0, 8.0]]))
            .cast(DType::F32)
            .into_data()
            .try_into_vec::<f32>()
            .map(Some)
    };
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(AssertUnwindSafe(product));
    panic::set_hook(hook);
    let which = match precision {
        Precision::F32 => "one that".to_owned(),
        half => format!("{half}, in which it"),
    };
    match outcome {
        Ok(Ok(None)) => Err(format!("{precision}, which it does not offer")),
        Ok(Ok(Some(product))) if product == [19.0, 22.0, 43.0, 50.0] => Ok(()),
        Ok(Ok(Some(product))) => Err(format!("{which} computes wrongly ({product:?})")),
        Ok(Err(error)) => Err(format!("{which} fails ({error})")),
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            let what = match precision {
                Precision::F32 => "none".to_owned(),
                _ => format!("{which} fails"),
            };
            Err(match message {
                Some(message) => format!("{what} ({})", message.trim()),
                None => what,
            })
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
        names::choose(
            "device",
            text,
            Self::ALL,
            Self::name,
            "`cpu` works everywhere",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_computes_in_every_type() {
        for precision in Precision::ALL {
            assert_eq!(trial(&Device::flex(), precision), Ok(()), "{precision}");
        }
    }

    #[test]
    fn names_round_trip_and_errors_help() {
        for choice in DeviceChoice::ALL {
            assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
        }
        assert!(DeviceChoice::Cpu.open().is_ok());
        let error = DeviceChoice::Cpu.open_for(Precision::Bf16).unwrap_err();
        assert_eq!(
            error.to_string(),
            "precision: expected f32, in which the kernels of `device` cpu compute, found bf16"
        );
        let advice = error.advice().unwrap();
        assert!(advice.contains("leave `precision` out"), "{advice}");
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
