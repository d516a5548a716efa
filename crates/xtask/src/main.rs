//! `cargo xtask check`: everything that must hold before a change lands.

use std::process::{Command, ExitCode};

/// One command of a task, as its words.
type Step = &'static [&'static str];

/// The libraries' tests once more, with kernels on the vectors that most processors have: a
/// machine with wider ones would never run that path. The whole workspace is named because
/// one crate alone would be built anew, with its own choice of features.
const NARROW: Step = &["test", "--release", "--workspace", "--lib"];
/// What asks for them; other processors have one kind of vectors alone.
const VECTORS: (&str, &str) = ("BINDSCAPE_VECTORS", "avx2");

/// Random tests draw the same cases every time, so that a check that passed passes again;
/// `cargo test` draws new ones, as does another seed in this variable.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

const CHECK: &[Step] = &[
    &["fmt", "--all", "--check"],
    &[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ],
    &[
        "doc",
        "--release",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ],
    &["test", "--release", "--workspace"],
];

fn main() -> ExitCode {
    let task = std::env::args().nth(1);
    let steps = match task.as_deref() {
        Some("check") => CHECK,
        _ => {
            eprintln!("usage: cargo xtask check    formatting, lints, documentation, tests");
            return ExitCode::from(2);
        }
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let narrow = cfg!(target_arch = "x86_64").then_some((&NARROW, Some(VECTORS)));
    let seed = std::env::var_os(SEED.0).is_none().then_some(SEED);
    for (step, variable) in steps.iter().map(|step| (step, None)).chain(narrow) {
        let prefix = variable.map_or_else(String::new, |(name, value)| format!("{name}={value} "));
        eprintln!("$ {prefix}cargo {}", step.join(" "));
        let status = Command::new(&cargo)
            .args(*step)
            .env("RUSTDOCFLAGS", "-D warnings")
            .envs(seed)
            .envs(variable)
            .status();
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => {
                eprintln!("error: cargo {} ended with {status}", step.join(" "));
                return ExitCode::FAILURE;
            }
            Err(error) => {
                eprintln!("error: cannot start cargo: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
