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
mod settings;
mod shards;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use bindscape_base::progress::Progress;
use bindscape_base::{Error, Result};

use client::{Client, Found};
use files::{CONFIG, INDEX, SINGLE};
pub use settings::Hub;
pub(crate) use shards::shard_names;

impl Hub {
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
            return Err(self.may_not_ask(repository));
        }
        let mut client = Client::new(self, repository, &model, progress);
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
