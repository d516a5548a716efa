//! Jobs from a transcription factor's protein to the places it binds in a genome: plans in,
//! outcomes out.
//!
//! A job is a plain struct of settings, such as [`Pretrain`](pretrain::Pretrain). It can be
//! checked, written down as JSON ([`WrittenPlan`]) and run in a [`Session`], which carries
//! threads, the device, and somebody who watches. Run directories, locks, the identity of a run
//! and its continuation after an interruption are the same for all jobs.
//!
//! This crate knows no terminal, no option of a command line and no Python.

pub mod attribute;
mod content;
pub mod data;
pub mod demo;
mod denovo;
pub mod evaluate;
pub mod experiment;
pub mod explain;
pub mod filters;
pub mod finetune;
pub mod job;
pub mod matrix;
pub mod model;
pub mod motif;
mod outcome;
mod output_directory;
pub mod predict;
pub mod pretrain;
mod profiles;
pub mod protein;
pub mod report;
mod run_directory;
pub mod select;
pub mod session;
mod side_by_side;
mod tested;
pub mod training;
mod unfinished;
mod watcher;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use bindscape_base::{Error, ErrorKind, Result};
pub use job::{Job, Outcome, WrittenPlan};
pub use session::Session;
