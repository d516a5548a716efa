//! Sizes of ESM-2, and the names of the published models.

use std::path::Path;

use bindscape_base::{Error, Place, Result, names};
use serde_json::Value;

/// A published model (Lin et al. 2023, table S1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The name that its files bear, on the hub behind `facebook/`.
    pub name: &'static str,
    /// The number of its parameters, as people call it.
    pub size: &'static str,
    /// Its layers, width and heads.
    pub config: Esm2Config,
}

/// The published models, smallest first.
pub const PUBLISHED: [Published; 6] = [
    published("esm2_t6_8M_UR50D", "8M", 6, 320, 20),
    published("esm2_t12_35M_UR50D", "35M", 12, 480, 20),
    published("esm2_t30_150M_UR50D", "150M", 30, 640, 20),
    published("esm2_t33_650M_UR50D", "650M", 33, 1280, 20),
    published("esm2_t36_3B_UR50D", "3B", 36, 2560, 40),
    published("esm2_t48_15B_UR50D", "15B", 48, 5120, 40),
];

const fn published(
    name: &'static str,
    size: &'static str,
    layers: usize,
    width: usize,
    heads: usize,
) -> Published {
    Published {
        name,
        size,
        config: Esm2Config {
            layers,
            width,
            heads,
        },
    }
}

impl Published {
    /// The model of that name: `esm2_t6_8M_UR50D`, `facebook/esm2_t6_8M_UR50D` or `8M`.
    ///
    /// ```
    /// use bindscape_nn::esm2::Published;
    /// assert_eq!(Published::find("8M").unwrap().config.width, 320);
    /// ```
    ///
    /// # Errors
    /// If there is none; the message lists all of them, the hint the nearest.
    pub fn find(name: &str) -> Result<&'static Self> {
        let bare = name.strip_prefix("facebook/").unwrap_or(name);
        let found = PUBLISHED.iter().find(|model| {
            model.name.eq_ignore_ascii_case(bare) || model.size.eq_ignore_ascii_case(bare)
        });
        found.ok_or_else(|| {
            let known: Vec<String> = PUBLISHED
                .iter()
                .map(|model| format!("{} ({})", model.name, model.size))
                .collect();
            let candidates = PUBLISHED.iter().flat_map(|model| [model.name, model.size]);
            Error::argument(
                "model",
                format!(
                    "a file or directory with weights of ESM-2, or one of {}",
                    known.join(", ")
                ),
                format!("`{name}`"),
            )
            .hint(names::suggestion(
                bare,
                candidates,
                "another model of the hub is named OWNER/NAME; check the path if it is a file",
            ))
        })
    }

    /// Its name on the hub.
    #[must_use]
    pub fn id(&self) -> String {
        format!("facebook/{}", self.name)
    }
}

/// Sizes of an ESM-2 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Esm2Config {
    /// Layers of the encoder.
    pub layers: usize,
    /// Features of a token.
    pub width: usize,
    /// Attention heads of a layer.
    pub heads: usize,
}

/// What every ESM-2 adds to a variance in layer norms.
pub(crate) const EPSILON: f32 = 1e-5;
/// Base of the rotary frequencies.
pub(crate) const ROTARY_BASE: f32 = 10_000.0;

impl Esm2Config {
    /// Width inside the feed-forward parts.
    #[must_use]
    pub fn hidden(&self) -> usize {
        4 * self.width
    }

    /// Features of a head.
    #[must_use]
    pub fn head_size(&self) -> usize {
        self.width / self.heads
    }

    /// Floating-point operations for a sequence of `tokens` tokens, those of matrix products.
    #[must_use]
    pub fn operations(&self, tokens: usize) -> f64 {
        let (width, tokens) = (self.width as f64, tokens as f64);
        self.layers as f64 * tokens * (24.0 * width * width + 4.0 * width * tokens)
    }

    /// Reads `config.json` of a Hugging Face model.
    ///
    /// # Errors
    /// If it is no JSON, or that of something other than ESM-2.
    pub(crate) fn from_json(text: &str, path: &Path) -> Result<Self> {
        let wrong = |expected: String, found: String| {
            Error::input(path, Place::File, expected, found)
                .hint("ESM-2 is needed; ESM-1b, ESM-1v, ESMFold and others differ from it")
        };
        let json: Value = serde_json::from_str(text)
            .map_err(|error| wrong("the configuration of a model".into(), error.to_string()))?;
        let fixed = [
            ("model_type", Value::from("esm")),
            ("position_embedding_type", Value::from("rotary")),
            ("emb_layer_norm_before", Value::from(false)),
            ("token_dropout", Value::from(true)),
            ("vocab_size", Value::from(33)),
            ("pad_token_id", Value::from(1)),
            ("mask_token_id", Value::from(32)),
        ];
        for (key, expected) in fixed {
            let found = json.get(key).unwrap_or(&Value::Null);
            // Some published files leave it open, which means no layer norm.
            let open = key == "emb_layer_norm_before" && found.is_null();
            if *found != expected && !open {
                return Err(wrong(
                    format!("\"{key}\": {expected}"),
                    format!("\"{key}\": {found}"),
                ));
            }
        }
        let epsilon = json.get("layer_norm_eps").and_then(Value::as_f64);
        if epsilon.is_none_or(|epsilon| (epsilon - f64::from(EPSILON)).abs() > 1e-9) {
            let found = json.get("layer_norm_eps").unwrap_or(&Value::Null);
            return Err(wrong("\"layer_norm_eps\": 1e-5".into(), format!("{found}")));
        }
        let number = |key: &str| {
            json.get(key)
                .and_then(Value::as_u64)
                .filter(|&number| (1..1 << 20).contains(&number))
                .map(|number| number as usize)
                .ok_or_else(|| {
                    let found = json.get(key).unwrap_or(&Value::Null);
                    wrong(format!("a number \"{key}\""), format!("{found}"))
                })
        };
        let config = Self {
            layers: number("num_hidden_layers")?,
            width: number("hidden_size")?,
            heads: number("num_attention_heads")?,
        };
        if number("intermediate_size")? != config.hidden() {
            return Err(wrong(
                format!("\"intermediate_size\": {}", config.hidden()),
                number("intermediate_size")?.to_string(),
            ));
        }
        config.check(path)?;
        Ok(config)
    }

    /// Whether heads divide the width into even parts.
    ///
    /// # Errors
    /// If they do not.
    pub(crate) fn check(&self, path: &Path) -> Result<()> {
        if self.heads == 0 || !self.width.is_multiple_of(2 * self.heads) {
            return Err(Error::input(
                path,
                Place::File,
                "heads with an even number of features",
                format!("{} features in {} heads", self.width, self.heads),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_found_by_each_of_their_names() {
        for name in ["esm2_t6_8M_UR50D", "facebook/esm2_t6_8M_UR50D", "8M", "8m"] {
            assert_eq!(Published::find(name).unwrap().config.width, 320);
        }
        assert_eq!(Published::find("15B").unwrap().config.head_size(), 128);
        let error = Published::find("esm2_t6_8M_UR50").unwrap_err();
        assert!(
            error.to_string().contains("esm2_t48_15B_UR50D (15B)"),
            "{error}"
        );
        assert!(
            error.to_string().contains("found `esm2_t6_8M_UR50`"),
            "{error}"
        );
        let hint = error.advice().unwrap();
        assert!(hint.starts_with("did you mean esm2_t6_8M_UR50D"), "{hint}");
    }

    #[test]
    fn configurations_of_other_models_are_refused() {
        let text = |kind: &str, position: &str| {
            format!(
                r#"{{"model_type":"{kind}","position_embedding_type":"{position}",
                "emb_layer_norm_before":null,"token_dropout":true,"vocab_size":33,
                "pad_token_id":1,"mask_token_id":32,"layer_norm_eps":1e-05,
                "num_hidden_layers":6,"hidden_size":320,"num_attention_heads":20,
                "intermediate_size":1280}}"#
            )
        };
        let path = Path::new("config.json");
        let read = |kind, position| Esm2Config::from_json(&text(kind, position), path);
        assert_eq!(read("esm", "rotary").unwrap(), PUBLISHED[0].config);
        let error = read("esm", "absolute").unwrap_err().to_string();
        assert!(
            error.contains("found \"position_embedding_type\": \"absolute\""),
            "{error}"
        );
        assert!(
            read("bert", "rotary")
                .unwrap_err()
                .to_string()
                .contains("\"bert\"")
        );
        assert!(Esm2Config::from_json("{", path).is_err());
    }
}
