//! Whether a file holds the tensors that a network has.

use std::path::Path;

use bindscape_base::{Error, Place, Result, names};

/// Tensors that a message names at most, of each kind of fault.
const NAMED: usize = 5;

/// A tensor that a network has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    /// The type of its numbers, where the file is bound to one.
    pub(crate) dtype: Option<&'static str>,
    /// Whether it may be missing.
    pub(crate) optional: bool,
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The network's name for it.
    pub(crate) name: String,
    /// The file's name for it.
    pub(crate) own: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: Option<&'static str>,
}

/// Compares what `path` holds with what `network` has, and lists what is missing, unexpected,
/// there twice, or of another shape or type.
///
/// # Errors
/// If there is any of that. The hint suggests a near name for the first that is missing, or is
/// `advice`.
pub(crate) fn check(
    network: &str,
    expected: &[Expected],
    found: &[Found],
    path: &Path,
    advice: &str,
) -> Result<()> {
    let (mut missing, mut misshapen, mut twice) = (Vec::new(), Vec::new(), Vec::new());
    for wanted in expected {
        let own: Vec<&Found> = found.iter().filter(|f| f.name == wanted.name).collect();
        match own[..] {
            [] if wanted.optional => {}
            [] => missing.push(wanted.name.as_str()),
            [tensor] if tensor.shape != wanted.shape || tensor.dtype != wanted.dtype => {
                misshapen.push(difference(tensor, wanted));
            }
            [_] => {}
            _ => twice.push(wanted.name.as_str()),
        }
    }
    let unexpected: Vec<&str> = found
        .iter()
        .filter(|tensor| !expected.iter().any(|wanted| wanted.name == tensor.name))
        .map(|tensor| tensor.own.as_str())
        .collect();
    let misshapen: Vec<&str> = misshapen.iter().map(String::as_str).collect();
    let faults = [
        (&missing, "missing"),
        (&unexpected, "unexpected"),
        (&twice, "twice"),
        (&misshapen, "of other shapes"),
    ];
    let faults: Vec<String> = faults
        .into_iter()
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, what)| format!("{} {what}: {}", names.len(), list(names)))
        .collect();
    if faults.is_empty() {
        return Ok(());
    }
    let expected = format!("the tensors of {network}");
    let error = Error::input(path, Place::File, expected, faults.join("; "));
    Err(error.hint(match missing.first() {
        Some(name) => names::suggestion(name, unexpected, advice),
        None => advice.to_owned(),
    }))
}

fn difference(found: &Found, wanted: &Expected) -> String {
    match (found.dtype, wanted.dtype) {
        (Some(own), Some(other)) if own != other => format!(
            "{} {own} of {:?}, not {other} of {:?}",
            found.own, found.shape, wanted.shape
        ),
        _ => format!("{} of {:?}, not {:?}", found.own, found.shape, wanted.shape),
    }
}

/// Some names, and how many more there are.
pub(crate) fn list(names: &[&str]) -> String {
    bindscape_base::words::first_of(names, NAMED)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(name: &str, shape: &[usize], optional: bool) -> Expected {
        Expected {
            name: name.into(),
            shape: shape.to_vec(),
            dtype: Some("f32"),
            optional,
        }
    }

    fn found(name: &str, shape: &[usize]) -> Found {
        Found {
            name: name.into(),
            own: name.into(),
            shape: shape.to_vec(),
            dtype: Some("f32"),
        }
    }

    #[test]
    fn all_faults_are_listed_with_near_names() {
        let network = [
            expected("c1.weight", &[2, 4, 3], false),
            expected("c1.bias", &[2], false),
            expected("extra", &[1], true),
        ];
        let path = Path::new("m.safetensors");
        let check = |tensors: &[Found]| check("a network", &network, tensors, path, "try again");
        let [weight, bias] = [found("c1.weight", &[2, 4, 3]), found("c1.bias", &[2])];
        check(&[bias.clone(), weight.clone()]).unwrap();
        check(&[bias.clone(), weight.clone(), found("extra", &[1])]).unwrap();

        let other = Found {
            own: "esm.c1.bias".into(),
            dtype: Some("i64"),
            ..found("c1.bias", &[])
        };
        let error = check(&[found("c1.weights", &[2]), other]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "m.safetensors: expected the tensors of a network, found 1 missing: c1.weight; 1 \
             unexpected: c1.weights; 1 of other shapes: esm.c1.bias i64 of [], not f32 of [2]"
        );
        assert_eq!(error.advice().unwrap(), "did you mean c1.weights?");
        let error = check(&[bias.clone(), weight.clone(), weight]).unwrap_err();
        assert!(
            error.to_string().ends_with("found 1 twice: c1.weight"),
            "{error}"
        );
        assert_eq!(error.advice().unwrap(), "try again");
        let many: Vec<Found> = (0..8).map(|i| found(&format!("x{i}"), &[1])).collect();
        let error = check(&[&many[..], &[bias]].concat()).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("8 unexpected: x0, x1, x2, x3, x4 and 3 more"),
            "{error}"
        );
    }
}
