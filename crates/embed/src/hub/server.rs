//! A hub for the tests: one model, on the loopback.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

use serde_json::json;

/// Serves a folder as a model until it is dropped.
pub(super) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(id: &'static str, folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, folder) = (stop.clone(), folder.to_owned());
        let serve = move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A client that hangs up early is its own affair.
                drop(answer(stream.unwrap(), id, &folder));
            }
        };
        Self {
            address,
            stop,
            thread: Some(thread::spawn(serve)),
        }
    }

    pub(super) fn address(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees that it is to stop.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn answer(mut stream: TcpStream, id: &str, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut start = 0;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if let Some(range) = line.strip_prefix("range: bytes=") {
            let first = range.split('-').next().unwrap_or_default();
            start = first.parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default();
    let file = path.strip_prefix(&format!("/{id}/resolve/main/"));
    let response = match file.map(|file| fs::read(folder.join(file))) {
        _ if path == format!("/api/models/{id}/revision/main") => whole(&listing(folder)),
        Some(Ok(bytes)) => part(&bytes, start, path),
        _ => head("404 Not Found", 0, ""),
    };
    stream.write_all(&response)
}

fn listing(folder: &Path) -> Vec<u8> {
    let siblings: Vec<_> = files(folder, folder)
        .iter()
        .map(|file| json!({ "rfilename": file }))
        .collect();
    json!({ "siblings": siblings, "sha": "0123" })
        .to_string()
        .into_bytes()
}

fn files(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let files = entries.flat_map(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(root, &path),
            false => vec![path.strip_prefix(root).unwrap().to_owned()],
        }
    });
    files.collect()
}

fn whole(body: &[u8]) -> Vec<u8> {
    [head("200 OK", body.len(), ""), body.to_vec()].concat()
}

fn part(bytes: &[u8], start: usize, path: &str) -> Vec<u8> {
    let body = &bytes[start.min(bytes.len())..];
    let etag: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
    let headers = format!(
        "Content-Range: bytes {start}-{}/{}\r\nETag: \"{etag}\"\r\nX-Repo-Commit: 0123\r\n",
        bytes.len(),
        bytes.len()
    );
    [
        head("206 Partial Content", body.len(), &headers),
        body.to_vec(),
    ]
    .concat()
}

fn head(status: &str, length: usize, headers: &str) -> Vec<u8> {
    let rest = format!("{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
    format!("HTTP/1.1 {status}\r\n{rest}").into_bytes()
}
