//! Writes pictures of invented attributions, to look at them without training:
//! `cargo run --release -p bindscape-tools --bin fake_residues -- DIR`.

use std::path::PathBuf;

use bindscape_protein::Domain;
use bindscape_report::{ResidueTrack, residues_svg};

/// Name, first and last residue.
type Place = (&'static str, usize, usize);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = PathBuf::from(std::env::args().nth(1).ok_or("usage: fake_residues DIR")?);
    let fingers: Vec<Place> = (0..9)
        .map(|i| ("zf-C2H2", 340 + 28 * i, 363 + 28 * i))
        .chain([("KRAB", 12, 53)])
        .collect();
    let cases: [(&str, usize, usize, &[Place]); 4] = [
        ("P31249", 432, 432, &[("Homeodomain", 226, 282)]),
        ("Q9UL58", 640, 640, &fingers),
        ("SHORT1", 24, 24, &[("AT_hook", 8, 17)]),
        (
            "LONG01",
            4100,
            3000,
            &[
                ("HLH", 80, 130),
                ("PAS", 150, 260),
                ("PAS_11", 265, 380),
                ("HLH", 3500, 3550),
            ],
        ),
    ];
    for (id, length, seen, domains) in cases {
        let domains: Vec<Domain> = domains
            .iter()
            .map(|&(name, start, end)| Domain {
                name: name.into(),
                start,
                end,
            })
            .collect();
        let inside = |residue: usize| domains.iter().any(|d| (d.start..d.end).contains(&residue));
        let attributions: Vec<f64> = (0..seen)
            .map(|residue| {
                let wave = (residue as f64 * 1.7).sin() + (residue as f64 * 0.37).cos();
                0.01 * wave
                    + if inside(residue) {
                        0.03 + 0.02 * wave
                    } else {
                        0.0
                    }
            })
            .collect();
        let svg = residues_svg(&ResidueTrack {
            axis: "attribution",
            id,
            length,
            subtitle: "Attribution of each residue to the logit of class zinc_finger",
            note: "invented numbers",
            attributions: &attributions,
            domains: &domains,
        });
        std::fs::write(out.join(format!("{id}.svg")), svg)?;
    }
    Ok(())
}
