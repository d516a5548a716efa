//! Files of models from the Hugging Face hub, kept where its own programs keep them.
//!
//! The cache is that of `huggingface_hub` (Python), so that either uses what the other
//! has downloaded: `HF_HUB_CACHE`, or `hub` in `HF_HOME`, or `~/.cache/huggingface/hub`. In
//! it, `models--OWNER--NAME` holds `refs/main` (a commit), `blobs/ETAG` (contents) and
//! `snapshots/COMMIT/FILE` (links to them). `HF_ENDPOINT` names another server,
//! `HF_HUB_OFFLINE=1` forbids to ask any.
//!
//! A download that was cut short goes on where it stopped. It counts when its size and
//! its checksum, which the hub gives as the entity tag, are right.
//!
//! The `hf-hub` crate was not taken: its release 1.0 needs an asynchronous runtime and a
//! second HTTP client, the ones before it check no sums and know no offline mode.

mod client;
mod files;
mod shards;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};

use client::{Client, Found};
use files::{CONFIG, INDEX, SINGLE};
pub(crate) use shards::shard_names;

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

    /// The directory of a model's files, from the cache or else from the server:
    /// `config.json`, and `model.safetensors` or shards with their index.
    ///
    /// What lies whole in the cache is used as it is.
    ///
    /// # Errors
    /// If the files are not there and cannot be had: offline, without a network, or because
    /// the repository has none; if a download does not match its checksum; if the disk
    /// is full; if the user asks to stop, after which the next call goes on from there.
    pub fn model(&self, repository: &str, progress: &dyn Progress) -> Result<PathBuf> {
        let model = self.directory(repository);
        if let Some(snapshot) = files::whole_snapshot(&model)? {
            return Ok(snapshot);
        }
        if self.offline {
            return Err(self.cannot(repository, "HF_HUB_OFFLINE is set"));
        }
        let client = Client::new(self, repository, &model, progress);
        let config = client.file(CONFIG, None)?;
        let Found::Here { commit } = config else {
            return Err(missing(self, repository, CONFIG));
        };
        if let Found::Missing = client.file(SINGLE, Some(&commit))? {
            let Found::Here { .. } = client.file(INDEX, Some(&commit))? else {
                return Err(missing(self, repository, SINGLE));
            };
            for shard in files::shards(&model.join("snapshots").join(&commit))? {
                let Found::Here { .. } = client.file(&shard, Some(&commit))? else {
                    return Err(missing(self, repository, &shard));
                };
            }
        }
        files::point_to(&model, &commit)
    }

    /// Where the cache keeps a repository.
    fn directory(&self, repository: &str) -> PathBuf {
        let name = format!("models--{}", repository.replace('/', "--"));
        self.cache.join(name)
    }

    /// The error for files that are needed and cannot be asked for.
    fn cannot(&self, repository: &str, why: &str) -> Error {
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

/// Whether `name` has the form of a repository, OWNER/NAME.
#[must_use]
pub fn is_repository(name: &str) -> bool {
    let part = |part: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with(['.', '-']) && part.chars().all(allowed)
    };
    name.split_once('/')
        .is_some_and(|(owner, name)| part(owner) && part(name))
}

fn missing(hub: &Hub, repository: &str, file: &str) -> Error {
    Error::argument(
        "model",
        format!("a file {file} in {}/{repository}", hub.endpoint),
        "none there, or no such repository",
    )
    .hint("check the name; weights in other formats must be converted to safetensors first")
}
