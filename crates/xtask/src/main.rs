//! `cargo xtask check`: everything that must hold before a change lands.

mod source;
mod structure;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};

/// One command of a task, as its words.
type Step = &'static [&'static str];

/// The libraries' tests once more, with kernels on the vectors that most processors have: a
/// machine with wider ones would never run that path. The whole workspace is named because
/// one crate alone would be built again, with its own choice of features.
const NARROW: Step = &["test", "--release", "--workspace", "--lib"];
/// What asks for them; other processors have one kind of vectors alone.
const VECTORS: (&str, &str) = ("BINDSCAPE_VECTORS", "avx2");

/// Random tests draw the same cases every time, so that a check that passed passes again;
/// `cargo test` draws new ones, as does another seed in this variable.
const SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

/// Tests on the project's real data, which are ignored otherwise: the data need not be there.
const REAL_DATA: Step = &[
    "test",
    "--release",
    "--workspace",
    "--",
    "--ignored",
    "shared_data",
];
/// Where these data lie.
const DATA: &str = "../shared/data";

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
    // Packages of their own, which need what the workspace must not.
    &["check", "--release", "--manifest-path", "fuzz/Cargo.toml"],
    &[
        "check",
        "--release",
        "--manifest-path",
        "bench/scan/Cargo.toml",
    ],
    &[
        "package",
        "--workspace",
        "--exclude",
        "xtask",
        "--no-verify",
        "--allow-dirty",
        "--quiet",
    ],
    &["test", "--release", "--workspace"],
];

fn main() -> ExitCode {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match std::env::args().nth(1).as_deref() {
        Some("check") => check(&cargo),
        Some("structure") => structure_alone(&cargo),
        _ => {
            eprintln!(
                "usage: cargo xtask check       formatting, lints, documentation, structure, tests\n       \
                 cargo xtask structure   what libraries must not say, import or compile"
            );
            ExitCode::from(2)
        }
    }
}

fn check(cargo: &OsStr) -> ExitCode {
    let structure = structure_alone(cargo);
    if structure != ExitCode::SUCCESS {
        return structure;
    }
    let narrow = cfg!(target_arch = "x86_64").then_some((&NARROW, Some(VECTORS)));
    let data = Path::new(DATA).is_dir();
    if !data {
        eprintln!("note: {DATA} is absent; the tests that need it are ignored");
    }
    let real_data = data.then_some((&REAL_DATA, None));
    let steps = CHECK.iter().map(|step| (step, None));
    for (step, variable) in steps.chain(real_data).chain(narrow) {
        if !run(cargo, step, variable) {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn structure_alone(cargo: &OsStr) -> ExitCode {
    match structure::check(cargo) {
        Ok(()) => ExitCode::SUCCESS,
        Err(faults) => {
            eprintln!("error: the structure is not what ARCHITECTURE.md says:\n{faults}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one step; says what failed.
fn run(cargo: &OsStr, step: &[&str], variable: Option<(&str, &str)>) -> bool {
    let prefix = variable.map_or_else(String::new, |(name, value)| format!("{name}={value} "));
    eprintln!("$ {prefix}cargo {}", step.join(" "));
    let seed: Option<(OsString, OsString)> = std::env::var_os(SEED.0)
        .is_none()
        .then(|| (SEED.0.into(), SEED.1.into()));
    let status = Command::new(cargo)
        .args(step)
        .env("RUSTDOCFLAGS", "-D warnings")
        .envs(seed)
        .envs(variable)
        .status();
    match status {
        Ok(status) if status.success() => true,
        Ok(status) => {
            eprintln!("error: cargo {} ended with {status}", step.join(" "));
            false
        }
        Err(error) => {
            eprintln!("error: cannot start cargo: {error}");
            false
        }
    }
}
