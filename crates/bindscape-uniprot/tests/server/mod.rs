//! A service on this machine that speaks as UniProt's does, with faults.
//!
//! Pages come by cursor through the `Link` header, with the count of results and
//! the release in headers, in gzip where the client accepts it. Queries other
//! than those of the library get status 400 with reasons in JSON, and so do
//! cursors that the service did not give.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use bindscape_protein::ProteinClass;
use bindscape_uniprot::query;
use flate2::Compression;
use flate2::write::GzEncoder;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy)]
#[allow(dead_code)] // each test has faults of its own
pub(crate) enum Fault {
    /// The connection is closed without a word.
    Drop,
    /// Another status, with the seconds of `Retry-After`.
    Status(u16, Option<u32>),
    /// The body ends before its announced length.
    ShortBody,
    /// No length is announced, and the gzip stream ends in the middle.
    CutGzip,
    /// A page that is whole in itself but lacks its last record.
    MissingRecord,
    /// From here on there is another release, with one more non-TF; cursors of
    /// the old one still work, or do not.
    NewRelease { cursors_work: bool },
}

/// A protein as the service has it.
pub(crate) struct Stored {
    pub(crate) line: String,
    pub(crate) classes: Vec<ProteinClass>,
}

/// A service that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    /// Query strings of the requests so far.
    pub(crate) requests: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    port: u16,
}

/// Proteins of all classes: `non_tf` non-TFs and some dozens of the others. Two
/// are in two classes, and one non-TF has the sequence of a TF.
pub(crate) fn proteins(non_tf: usize) -> Vec<Stored> {
    use ProteinClass::{Homeodomain, LeucineZipper, NonTf, OtherTf, ZincFinger};
    let mut stored = Vec::new();
    let mut add = |prefix: &str, count: usize, classes: &[ProteinClass], evidence: &str| {
        for i in 0..count {
            let accession = format!("{prefix}{i:04}");
            let sequence = sequence(&accession, 30 + (7 * i) % 90);
            stored.push(record(&accession, &sequence, classes, evidence));
        }
    };
    add("ZNF", 23, &[ZincFinger], "KW-0539;KW-0863\tPF00096;");
    add("HOX", 31, &[Homeodomain], "KW-0371\tPF00046;");
    add("LZI", 7, &[LeucineZipper], "\tPF00170;PF07716;");
    add("OTF", 20, &[OtherTf], "\t");
    add("ZHX", 1, &[ZincFinger, Homeodomain], "KW-0371;KW-0863\t");
    add("HNG", 2, &[Homeodomain, NonTf], "\tPF00046;");
    add("NON", non_tf, &[NonTf], "KW-0963\tPF00069;");
    stored.push(record(
        "TWIN01",
        &sequence("OTF0003", 30 + 21),
        &[NonTf],
        "\t",
    ));
    stored
}

fn record(accession: &str, sequence: &str, classes: &[ProteinClass], evidence: &str) -> Stored {
    let lineage = match accession.len() + sequence.len() % 3 {
        n if n % 3 == 0 => "131567 (no rank), 2759 (domain), 7742 (clade), 9606 (species)",
        n if n % 3 == 1 => "131567 (no rank), 2759 (domain), 33090 (kingdom), 3702 (species)",
        _ => "131567 (no rank), 2759 (domain), 5833 (species)",
    };
    Stored {
        line: format!(
            "{accession}\t{accession}_TEST\t9606\t{lineage}\t{evidence}\t{}\t{sequence}\n",
            sequence.len()
        ),
        classes: classes.to_vec(),
    }
}

/// Residues that depend on the accession.
fn sequence(accession: &str, length: usize) -> String {
    let mut state = accession
        .bytes()
        .fold(7_u64, |state, byte| state * 131 + u64::from(byte));
    let mut out = String::from("M");
    while out.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        out.push(char::from(
            b"ACDEFGHIKLMNPQRSTVWY"[(state >> 33) as usize % 20],
        ));
    }
    out
}

impl Server {
    /// Serves `stored`; `faults` strike the requests with those numbers, from 0.
    pub(crate) fn start(stored: Vec<Stored>, faults: BTreeMap<usize, Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("a bound port").port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (requests, stop) = (Arc::clone(&requests), Arc::clone(&stop));
            move || serve(&listener, stored, &faults, &requests, &stop)
        });
        Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            requests,
            stop,
            thread: Some(thread),
            port,
        }
    }

    /// Number of requests so far.
    pub(crate) fn count(&self) -> usize {
        self.requests.lock().expect("no panic in the service").len()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(
    listener: &TcpListener,
    mut stored: Vec<Stored>,
    faults: &BTreeMap<usize, Fault>,
    requests: &Mutex<Vec<String>>,
    stop: &AtomicBool,
) {
    let mut release = "2026_03";
    let mut oldest_cursor = "2026_03";
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(mut stream) = stream else { continue };
        let Some((target, gzip)) = request(&stream) else {
            continue;
        };
        let number = {
            let mut requests = requests.lock().expect("no panic in the tests");
            requests.push(target.clone());
            requests.len() - 1
        };
        let fault = faults.get(&number).copied();
        if let Some(Fault::NewRelease { cursors_work }) = fault {
            release = "2026_04";
            if !cursors_work {
                oldest_cursor = release;
            }
            stored.push(record("NEW001", "MNEW", &[ProteinClass::NonTf], "\t"));
        }
        let reply = match fault {
            Some(Fault::Drop) => continue,
            Some(Fault::Status(status, after)) => {
                let after = after.map_or(String::new(), |s| format!("Retry-After: {s}\r\n"));
                format!("HTTP/1.1 {status} Trouble\r\n{after}Content-Length: 0\r\nConnection: close\r\n\r\n")
                    .into_bytes()
            }
            fault => page(&stored, &target, (release, oldest_cursor), gzip, fault),
        };
        let _ = stream.write_all(&reply);
    }
}

/// The target of a request and whether the client accepts gzip.
fn request(stream: &TcpStream) -> Option<(String, bool)> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let mut gzip = false;
    loop {
        let mut line = String::new();
        if reader.by_ref().read_line(&mut line).ok()? == 0 || line == "\r\n" {
            break;
        }
        let line = line.to_ascii_lowercase();
        gzip |= line.starts_with("accept-encoding:") && line.contains("gzip");
    }
    let target = first.split(' ').nth(1)?.to_owned();
    Some((target, gzip))
}

fn page(
    stored: &[Stored],
    target: &str,
    (release, oldest_cursor): (&str, &str),
    gzip: bool,
    fault: Option<Fault>,
) -> Vec<u8> {
    let parameters: BTreeMap<&str, String> = target
        .strip_prefix("/uniprotkb/search?")
        .unwrap_or_default()
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name, decoded(value)))
        .collect();
    let asked = parameters.get("query").cloned().unwrap_or_default();
    let Some(class) = ProteinClass::ALL
        .into_iter()
        .find(|&class| query(class) == asked)
    else {
        return refusal("query does not match");
    };
    let size: usize = parameters["size"].parse().expect("a page size");
    let offset = match parameters.get("cursor") {
        None => 0,
        Some(cursor) => {
            let given = cursor
                .strip_suffix('=')
                .and_then(|cursor| cursor.split_once('-'));
            match given {
                Some((of, offset)) if of >= oldest_cursor => offset.parse().expect("our cursor"),
                _ => return refusal("Invalid cursor"),
            }
        }
    };
    let all: Vec<&Stored> = stored
        .iter()
        .filter(|entry| entry.classes.contains(&class))
        .collect();
    let mut here: Vec<&Stored> = all.iter().skip(offset).take(size).copied().collect();
    let end = offset + here.len();
    if matches!(fault, Some(Fault::MissingRecord)) {
        here.pop();
    }
    let mut text = String::from(
        "Entry\tEntry Name\tOrganism (ID)\tTaxonomic lineage (Ids)\tKeyword ID\tPfam\tLength\tSequence\n",
    );
    here.iter().for_each(|entry| text.push_str(&entry.line));

    let mut head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain;format=tsv\r\nX-Total-Results: {}\r\nX-UniProt-Release: {release}\r\nX-UniProt-Release-Date: 10-June-2026\r\nConnection: close\r\n",
        all.len()
    );
    if end < all.len() {
        // The host differs from the one that was asked, as behind a proxy.
        let query = target.split_once("query=").map_or("", |(_, rest)| rest);
        let query = query.split('&').next().unwrap_or_default();
        head.push_str(&format!(
            "Link: <https://rest.uniprot.org/uniprotkb/search?format=tsv&query={query}&cursor={release}-{end}%3D&size={size}>; rel=\"next\"\r\n"
        ));
    }
    let mut body = text.into_bytes();
    if gzip {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&body).expect("memory does not fail");
        body = encoder.finish().expect("memory does not fail");
        head.push_str("Content-Encoding: gzip\r\n");
    }
    if matches!(fault, Some(Fault::CutGzip)) {
        body.truncate(body.len() / 2);
    } else {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    if matches!(fault, Some(Fault::ShortBody)) {
        body.truncate(body.len() / 2);
    }
    head.push_str("\r\n");
    [head.into_bytes(), body].concat()
}

fn refusal(message: &str) -> Vec<u8> {
    let body = format!(r#"{{"url":"","messages":["{message}"]}}"#);
    format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut i = 0;
    while i < bytes.len() {
        if bytes[i] == b'%' {
            let hex = std::str::from_utf8(&bytes[i + 1..i + 3]).expect("two digits");
            out.push(u8::from_str_radix(hex, 16).expect("two hexadecimal digits"));
            i += 3;
        } else {
            out.push(bytes[i]);
            i += 1;
        }
    }
    String::from_utf8(out).expect("UTF-8")
}
