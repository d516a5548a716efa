#![doc = include_str!("../README.md")]

pub mod atomic;
pub mod bgzf;
pub mod digest;
pub mod error;
mod hexadecimal;
pub mod input;
pub mod journal;
pub mod kind;
pub mod lock;
pub mod names;
mod near;
pub mod packed;
pub mod progress;
pub mod random;
pub mod reading;
pub mod settings;
pub mod table;
pub mod words;

pub use error::{Error, ErrorKind, Place, Result, Subject};
