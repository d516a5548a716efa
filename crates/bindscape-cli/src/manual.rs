//! What packagers and shells take from the command line: its version, completions and pages of the
//! manual.

use std::io::Write;
use std::path::PathBuf;
use std::sync::OnceLock;

use bindscape_base::progress::Progress;
use bindscape_base::{Result, atomic};
use clap::{Args, Command};
use clap_complete::Shell;

use crate::cli;
use crate::face::{Face, unwritten};

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// Shell to write them for, on standard output
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub(crate) struct Manual {
    /// Directory to write to, made if need be: bindscape.1, bindscape-predict.1, …
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Writes a script that completes commands.
pub(crate) fn completions(arguments: &Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::command(), NAME, &mut script);
    std::io::stdout().write_all(&script).map_err(unwritten)
}

/// Writes a page for the program and for each verb.
pub(crate) fn manual(arguments: &Manual, face: &Face<'_>) -> Result<()> {
    let directory = &arguments.directory;
    atomic::make_directory(directory)?;
    let mut command = cli::command().disable_help_subcommand(true);
    command.build();
    let pages = pages(&command, NAME.to_owned());
    for (name, text) in &pages {
        atomic::write(directory.join(format!("{name}.1")), text)?;
    }
    face.terminal.note(&format!(
        "wrote {} pages to {}",
        pages.len(),
        directory.display()
    ));
    Ok(())
}

const NAME: &str = "bindscape";

/// The pages of a command and of those below it, by name.
fn pages(command: &Command, name: String) -> Vec<(String, Vec<u8>)> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name.clone())
        .render(&mut page)
        .expect("memory takes all");
    let mut all = vec![(name.clone(), page)];
    for below in command.get_subcommands() {
        all.extend(pages(below, format!("{name}-{}", below.get_name())));
    }
    all
}

/// The version with what a report of a fault needs: commit, devices, vectors.
pub(crate) fn long_version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(describe_version)
}

fn describe_version() -> String {
    let commit = option_env!("BINDSCAPE_COMMIT").unwrap_or("not known");
    let devices = [
        ("cuda", cfg!(feature = "cuda")),
        ("metal", cfg!(feature = "metal")),
        ("rocm", cfg!(feature = "rocm")),
        ("vulkan", cfg!(feature = "vulkan")),
        ("webgpu", cfg!(feature = "webgpu")),
    ];
    let built: Vec<&str> = std::iter::once("cpu")
        .chain(
            devices
                .into_iter()
                .filter(|(_, is)| *is)
                .map(|(name, _)| name),
        )
        .collect();
    format!(
        "{}\ncommit: {commit}\ndevices: {}\nvectors: {}, of {}",
        env!("CARGO_PKG_VERSION"),
        built.join(", "),
        bindscape_kernels::vectors(),
        std::env::consts::ARCH,
    )
}
