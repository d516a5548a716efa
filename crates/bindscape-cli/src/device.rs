//! Where a network runs, and in which type it computes its products.

use bindscape_nn::{DeviceChoice, Precision};
use clap::Args;

/// Options of a device.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Device")]
pub(crate) struct DeviceArguments {
    /// Compute device: cpu, or one that this program was built with
    #[arg(long = "device", default_value = "cpu", value_name = "DEVICE")]
    pub(crate) choice: DeviceChoice,
    /// Type of the products of a network, on graphics devices: f32, bf16 or f16
    #[arg(long, default_value = "f32", value_name = "TYPE")]
    pub(crate) precision: Precision,
}
