//! Invariances of networks for proteins, and their training on small data.

mod invariance;
mod parity;
mod training;
