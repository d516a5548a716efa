//! Downloads from a small server that speaks the hub's protocol, faults included.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bindscape_base::digest::sha256_hex;
use bindscape_base::progress::Silent;

use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What goes wrong with the bodies of large files, once each, in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// The connection ends in the middle.
    Cut,
    /// A byte is another.
    Wrong,
    /// A range is answered with the whole file.
    Whole,
    /// The server is overloaded.
    Busy,
    /// The server is overloaded and asks to come back after a second.
    Later,
    /// The server does not accept the request.
    Refused,
}

struct Server {
    endpoint: String,
    /// Method, path and range of the requests.
    log: Arc<Mutex<Vec<String>>>,
}

/// Serves `files`; large ones (`.safetensors`) through a redirection, as the hub does.
fn serve(files: &[(&str, &[u8])], faults: &[Fault]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let files: HashMap<String, Vec<u8>> = files
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
        .collect();
    let faults = Mutex::new(faults.to_vec());
    let log = Arc::new(Mutex::new(Vec::new()));
    let (seen, own) = (Arc::clone(&log), endpoint.clone());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.unwrap(), &own, &files, &faults, &seen);
        }
    });
    Server { endpoint, log }
}

fn answer(
    mut stream: TcpStream,
    endpoint: &str,
    files: &HashMap<String, Vec<u8>>,
    faults: &Mutex<Vec<Fault>>,
    log: &Mutex<Vec<String>>,
) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    let Some(Ok(request)) = lines.next() else {
        return;
    };
    let (mut range, mut first) = (String::new(), 0);
    for line in lines
        .map_while(Result::ok)
        .take_while(|line| !line.is_empty())
    {
        if let Some(value) = line.to_lowercase().strip_prefix("range: bytes=") {
            range = format!(" from {}", value.trim_end_matches('-'));
            first = value.trim_end_matches('-').parse().unwrap();
        }
    }
    let [method, path] = [0, 1].map(|part| request.split(' ').nth(part).unwrap());
    log.lock().unwrap().push(format!("{method} {path}{range}"));
    let name = path.rsplit('/').next().unwrap();
    let mut send = |head: String, body: &[u8]| {
        // A client may have gone.
        let _ =
            stream.write_all(format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").as_bytes());
        let _ = stream.write_all(body);
    };
    let Some(bytes) = files.get(name).filter(|_| !path.contains("/nobody/")) else {
        return send("404 Not Found\r\nContent-Length: 0".into(), b"");
    };
    let large = name.ends_with(".safetensors");
    if path.contains("/resolve/") && large {
        let (etag, size) = (sha256_hex(bytes), bytes.len());
        return send(
            format!(
                "302 Found\r\nLocation: {endpoint}/large/{name}\r\nX-Repo-Commit: {COMMIT}\r\n\
                 X-Linked-Etag: \"{etag}\"\r\nX-Linked-Size: {size}\r\nContent-Length: 0"
            ),
            b"",
        );
    }
    if path.contains("/resolve/main/") {
        // As the hub does for small files since 2025.
        return send(
            format!(
                "307 Temporary Redirect\r\nLocation: /api/resolve-cache/{name}\r\n\
                 X-Repo-Commit: {COMMIT}\r\nContent-Length: 0"
            ),
            b"",
        );
    }
    let fault = match large && method == "GET" {
        true if faults.lock().unwrap().is_empty() => None,
        true => Some(faults.lock().unwrap().remove(0)),
        false => None,
    };
    if fault == Some(Fault::Busy) {
        return send("503 Service Unavailable\r\nContent-Length: 0".into(), b"");
    }
    if fault == Some(Fault::Later) {
        let head = "429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0";
        return send(head.into(), b"");
    }
    if fault == Some(Fault::Refused) {
        return send("400 Bad Request\r\nContent-Length: 0".into(), b"");
    }
    let mut body = bytes.clone();
    if fault == Some(Fault::Wrong) {
        body[0] ^= 1;
    }
    let status = if first > 0 && fault != Some(Fault::Whole) {
        body.drain(..first);
        "206 Partial Content"
    } else {
        "200 OK"
    };
    let etag = files::git_blob(bytes);
    let length = body.len();
    if fault == Some(Fault::Cut) {
        body.truncate(length / 2);
    }
    if method == "HEAD" {
        body.clear();
    }
    send(
        format!(
            "{status}\r\nX-Repo-Commit: {COMMIT}\r\nETag: \"{etag}\"\r\nContent-Length: {length}"
        ),
        &body,
    );
}

fn hub(server: &Server, cache: &Path) -> Hub {
    Hub {
        endpoint: server.endpoint.clone(),
        cache: cache.to_path_buf(),
        offline: false,
        retry: Retry {
            attempts: 5,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(8),
        },
    }
}

fn large() -> Vec<u8> {
    (0..700_000_u32).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn a_model_is_downloaded_once_and_kept_as_python_keeps_it() {
    let weights = large();
    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &weights)], &[]);
    let cache = tempfile::tempdir().unwrap();
    let hub = hub(&server, cache.path());
    let snapshot = hub.model("facebook/esm2", &Silent).unwrap();
    let model = cache.path().join("models--facebook--esm2");
    assert_eq!(snapshot, model.join("snapshots").join(COMMIT));
    assert_eq!(std::fs::read(snapshot.join(SINGLE)).unwrap(), weights);
    assert_eq!(std::fs::read(snapshot.join(CONFIG)).unwrap(), b"{}");
    assert_eq!(
        std::fs::read_to_string(model.join("refs/main")).unwrap(),
        COMMIT
    );
    let blob = model.join("blobs").join(sha256_hex(&weights));
    assert_eq!(std::fs::read(blob).unwrap(), weights);
    #[cfg(unix)]
    assert_eq!(
        std::fs::read_link(snapshot.join(SINGLE)).unwrap(),
        Path::new("../../blobs").join(sha256_hex(&weights))
    );
    let asked = server.log.lock().unwrap().len();
    let offline = Hub {
        offline: true,
        ..hub
    };
    assert_eq!(offline.model("facebook/esm2", &Silent).unwrap(), snapshot);
    assert_eq!(
        server.log.lock().unwrap().len(),
        asked,
        "nothing is asked again"
    );
}

#[test]
fn a_download_goes_on_where_it_was_cut() {
    let weights = large();
    let faults = [Fault::Cut, Fault::Busy, Fault::Whole];
    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &weights)], &faults);
    let cache = tempfile::tempdir().unwrap();
    let snapshot = hub(&server, cache.path()).model("o/m", &Silent).unwrap();
    assert_eq!(std::fs::read(snapshot.join(SINGLE)).unwrap(), weights);
    let log = server.log.lock().unwrap();
    let gets: Vec<&str> = log
        .iter()
        .filter_map(|line| line.strip_prefix("GET /large/model.safetensors"))
        .collect();
    assert_eq!(gets, ["", " from 350000", " from 350000"]);
    let left = std::fs::read_dir(cache.path().join("models--o--m/blobs")).unwrap();
    assert_eq!(left.count(), 2, "two blobs, nothing incomplete");
}

#[test]
fn wrong_bytes_are_found_and_asked_for_again() {
    let weights = large();
    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &weights)], &[Fault::Wrong]);
    let cache = tempfile::tempdir().unwrap();
    let snapshot = hub(&server, cache.path()).model("o/m", &Silent).unwrap();
    assert_eq!(std::fs::read(snapshot.join(SINGLE)).unwrap(), weights);

    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &weights)], &[Fault::Wrong; 5]);
    let cache = tempfile::tempdir().unwrap();
    let error = hub(&server, cache.path())
        .model("o/m", &Silent)
        .unwrap_err();
    assert!(
        error.to_string().contains("does not match its checksum"),
        "{error}"
    );
    let snapshot = cache.path().join("models--o--m/snapshots").join(COMMIT);
    assert!(!snapshot.join(SINGLE).exists());
}

#[test]
fn a_refusal_is_not_repeated() {
    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &large())], &[Fault::Refused; 5]);
    let cache = tempfile::tempdir().unwrap();
    let error = hub(&server, cache.path())
        .model("o/m", &Silent)
        .unwrap_err();
    assert_eq!(error.kind(), bindscape_base::ErrorKind::Network);
    assert!(
        error.to_string().contains("answered with status 400"),
        "{error}"
    );
    let log = server.log.lock().unwrap();
    let asked = |line: &&String| line.starts_with("GET /large/");
    assert_eq!(log.iter().filter(asked).count(), 1, "{log:?}");
}

#[test]
fn the_server_says_how_long_to_wait() {
    let weights = large();
    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &weights)], &[Fault::Later]);
    let cache = tempfile::tempdir().unwrap();
    let begin = Instant::now();
    let snapshot = hub(&server, cache.path()).model("o/m", &Silent).unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!(std::fs::read(snapshot.join(SINGLE)).unwrap(), weights);
}

#[test]
fn shards_come_by_their_index() {
    let index = br#"{"weight_map": {"a": "s-1.safetensors", "b": "s-2.safetensors", "c": "s-1.safetensors"}}"#;
    let shards = [
        (CONFIG, &b"{}"[..]),
        (INDEX, index),
        ("s-1.safetensors", b"one"),
        ("s-2.safetensors", b"two"),
    ];
    let server = serve(&shards, &[]);
    let cache = tempfile::tempdir().unwrap();
    let snapshot = hub(&server, cache.path()).model("o/m", &Silent).unwrap();
    assert_eq!(
        std::fs::read(snapshot.join("s-2.safetensors")).unwrap(),
        b"two"
    );
    std::fs::remove_file(snapshot.join("s-1.safetensors")).unwrap();
    let again = hub(&server, cache.path()).model("o/m", &Silent).unwrap();
    assert_eq!(
        std::fs::read(again.join("s-1.safetensors")).unwrap(),
        b"one"
    );

    let index = br#"{"weight_map": {"a": "../../../x.safetensors"}}"#;
    let server = serve(&[(CONFIG, b"{}"), (INDEX, index)], &[]);
    let cache = tempfile::tempdir().unwrap();
    let error = hub(&server, cache.path())
        .model("o/m", &Silent)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("names of files in the same directory"),
        "{error}"
    );
}

#[test]
fn without_a_network_the_user_learns_what_to_place_where() {
    let cache = tempfile::tempdir().unwrap();
    let nowhere = Server {
        endpoint: "http://127.0.0.1:9".into(),
        log: Arc::default(),
    };
    let online = hub(&nowhere, cache.path());
    let offline = Hub {
        offline: true,
        ..online.clone()
    };
    for (hub, why) in [
        (online, "did not answer"),
        (offline, "HF_HUB_OFFLINE is set"),
    ] {
        let error = hub.model("facebook/esm2_t6_8M_UR50D", &Silent).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(why), "{text}");
        assert!(
            text.contains("models--facebook--esm2_t6_8M_UR50D"),
            "{text}"
        );
        let hint = error.advice().unwrap();
        assert!(hint.contains("config.json and model.safetensors"), "{hint}");
        assert!(hint.contains("`model`"), "{hint}");
    }
    let server = serve(&[(CONFIG, b"{}")], &[]);
    let error = hub(&server, cache.path())
        .model("o/m", &Silent)
        .unwrap_err();
    assert!(
        error.to_string().contains("a file model.safetensors in"),
        "{error}"
    );
    let error = hub(&server, cache.path())
        .model("nobody/m", &Silent)
        .unwrap_err();
    assert!(error.to_string().contains("no such repository"), "{error}");
}

#[test]
fn an_interrupted_download_is_kept() {
    struct Stop(Mutex<u64>);
    impl Progress for Stop {
        fn begin(&self, _: &str, _: Option<u64>) {}
        fn advance(&self, by: u64) {
            *self.0.lock().unwrap() += by;
        }
        fn note(&self, _: &str) {}
        fn finish(&self) {}
        fn interrupted(&self) -> bool {
            *self.0.lock().unwrap() > 100_000
        }
    }
    let weights = large();
    let server = serve(&[(CONFIG, b"{}"), (SINGLE, &weights)], &[]);
    let cache = tempfile::tempdir().unwrap();
    let hub = hub(&server, cache.path());
    let stopped = hub.model("o/m", &Stop(Mutex::new(0)));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let snapshot = hub.model("o/m", &Silent).unwrap();
    assert_eq!(std::fs::read(snapshot.join(SINGLE)).unwrap(), weights);
    let log = server.log.lock().unwrap();
    assert!(log.last().unwrap().contains(" from "), "{log:?}");
}

#[test]
fn small_files_have_the_checksum_of_git() {
    // `printf 'hello\\n' | git hash-object --stdin`
    let hello = "ce013625030ba8dba906f756967f9e9ca394464a";
    assert_eq!(files::git_blob(b"hello\n"), hello);
}

#[test]
fn the_environment_names_server_and_cache() {
    let from = |variables: &[(&str, &str)]| {
        let variables: HashMap<String, String> = variables
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect();
        Hub::from_variables(|name| variables.get(name).cloned())
    };
    let hub = from(&[("HOME", "/h")]).unwrap();
    assert_eq!(hub.cache, Path::new("/h/.cache/huggingface/hub"));
    assert_eq!(hub.endpoint, "https://huggingface.co");
    assert!(!hub.offline);
    let hub = from(&[
        ("HOME", "/h"),
        ("HF_HOME", "/d"),
        ("HF_HUB_OFFLINE", "TRUE"),
    ])
    .unwrap();
    assert_eq!(
        (hub.cache.as_path(), hub.offline),
        (Path::new("/d/hub"), true)
    );
    let mirror = from(&[("HF_HUB_CACHE", "/c"), ("HF_ENDPOINT", "http://mirror/hf/")]).unwrap();
    assert_eq!(mirror.endpoint, "http://mirror/hf");
    assert_eq!(mirror.cache, Path::new("/c"));
    assert!(from(&[]).is_err());
    assert!(is_repository("facebook/esm2_t6_8M_UR50D"));
    for other in ["esm2", "a/b/c", "../x", "/x", "a/", "a/b c"] {
        assert!(!is_repository(other), "{other}");
    }
}
