//! Which server and which cache.

use std::path::{Path, PathBuf};

use bindscape_base::{Error, Result};
use bindscape_http::Retry;

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
    /// How often a request is repeated after a fault of the network or the server.
    pub retry: Retry,
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
            retry: Retry {
                attempts: 6,
                ..Retry::default()
            },
        })
    }

    /// Where the cache keeps a repository.
    pub(super) fn directory(&self, repository: &str) -> PathBuf {
        let name = format!("models--{}", repository.replace('/', "--"));
        self.cache.join(name)
    }

    /// The error for files that are needed and may not be asked for.
    pub(super) fn may_not_ask(&self, repository: &str) -> Error {
        let (wanted, found) = self.not_all(repository, "HF_HUB_OFFLINE is set");
        Error::argument("model", wanted, found).hint(self.by_hand(repository))
    }

    /// What was expected and found where files lack, and why they cannot be had.
    pub(super) fn not_all(&self, repository: &str, why: &str) -> (String, String) {
        let directory = self.directory(repository);
        (
            format!("the files of {repository} in {}", directory.display()),
            format!("not all of them, and {why}"),
        )
    }

    /// How to get the files without this machine's network.
    pub(super) fn by_hand(&self, repository: &str) -> String {
        format!(
            "on a machine with a network, download {CONFIG} and {SINGLE} from \
             {}/{repository}/tree/main into one directory, copy it here and give it with \
             ⟦model⟧; or copy the cache directory",
            self.endpoint
        )
    }
}
