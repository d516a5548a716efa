//! Writes the logo of a motif of JASPAR: `cargo run -p bindscape-motif --example logo -- CTCF OUT.svg`.

use bindscape_motif::{Background, Logo, jaspar};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, out] = arguments.as_slice() else {
        return Err("usage: logo NAME OUT.svg".into());
    };
    let set = jaspar::select(name)?;
    let logo = Logo::information(&set.motifs[0].frequencies, &Background::uniform())?;
    bindscape_base::atomic::write(out, logo.svg().as_bytes())?;
    Ok(())
}
