//! `cargo xtask check`: everything that must hold before a change lands.

use std::process::{Command, ExitCode};

/// One command of a task, as its words.
type Step = &'static [&'static str];

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
    for step in steps {
        eprintln!("$ cargo {}", step.join(" "));
        let status = Command::new(&cargo)
            .args(*step)
            .env("RUSTDOCFLAGS", "-D warnings")
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
