//! Which server and which cache.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bindscape_base::{Error, Result};

use super::files::{CONFIG, SINGLE};

/// A server and a cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hub {
    /// Where to ask, `https://huggingface.co` without more.
    pub endpoint: String,
    /// The directory of `models--OWNER--NAME`.
    pub cache: PathBuf,
    /// Whether nothing may be asked for.
    pub offline: bool,
    /// How often a request is repeated after a fault of the network.
    pub repeats: u32,
    /// The wait before the first repetition; each further one takes twice as long.
    pub wait: Duration,
}

impl Hub {
    /// The hub that the environment names.
    ///
    /// # Errors
    /// If there is no home directory for the cache and no variable that names another.
    pub fn from_environment() -> Result<Self> {
        Self::from_variables(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    pub(crate) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let home = || variable("HOME").or_else(|| variable("USERPROFILE"));
        let hugging_face = || {
            variable("HF_HOME").map(PathBuf::from).or_else(|| {
                let caches = variable("XDG_CACHE_HOME")
                    .map(PathBuf::from)
                    .or_else(|| home().map(|home| Path::new(&home).join(".cache")));
                caches.map(|caches| caches.join("huggingface"))
            })
        };
        let cache = variable("HF_HUB_CACHE")
            .map(PathBuf::from)
            .or_else(|| hugging_face().map(|home| home.join("hub")))
            .ok_or_else(|| {
                Error::about("HF_HOME", "a directory for downloaded models", "nothing")
                    .hint("set HF_HOME, or give a local file with ⟦model⟧")
            })?;
        let endpoint = variable("HF_ENDPOINT");
        let endpoint = endpoint.as_deref().unwrap_or("https://huggingface.co");
        let offline = variable("HF_HUB_OFFLINE").map(|value| value.to_lowercase());
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache,
            offline: offline.is_some_and(|v| ["1", "on", "yes", "true"].contains(&v.as_str())),
            repeats: 5,
            wait: Duration::from_secs(1),
        })
    }

    /// Where the cache keeps a repository.
    pub(super) fn directory(&self, repository: &str) -> PathBuf {
        let name = format!("models--{}", repository.replace('/', "--"));
        self.cache.join(name)
    }

    /// The error for files that are needed and cannot be asked for.
    pub(super) fn cannot(&self, repository: &str, why: &str) -> Error {
        Error::argument(
            "model",
            format!(
                "the files of {repository} in {}",
                self.directory(repository).display()
            ),
            format!("not all of them, and {why}"),
        )
        .hint(format!(
            "on a machine with a network, download {CONFIG} and {SINGLE} from \
             {}/{repository}/tree/main into one directory, copy it here and give it with \
             ⟦model⟧; or copy the cache directory",
            self.endpoint
        ))
    }
}
