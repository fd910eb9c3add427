//! A web server on this machine, with the faults that others have.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

/// How a file is served.
#[derive(Debug, Clone, Default)]
pub(crate) struct Served {
    pub(crate) bytes: Vec<u8>,
    pub(crate) etag: Option<&'static str>,
    /// Ranges are ignored, and the whole is sent.
    pub(crate) no_ranges: bool,
    /// The connection is cut after so many bytes of a body, for that many requests.
    pub(crate) cut: Option<(usize, usize)>,
    /// Only this status is sent.
    pub(crate) status: Option<&'static str>,
    /// This is where it is said to lie.
    pub(crate) location: Option<String>,
    /// Nothing is answered.
    pub(crate) silent: bool,
}

impl Served {
    /// A file served as it should be.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            etag: Some("\"v1\""),
            ..Self::default()
        }
    }
}

/// A request that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) range: Option<Range<u64>>,
    /// Bytes of the body that were sent.
    pub(crate) sent: usize,
}

#[derive(Default)]
struct Shared {
    files: Mutex<HashMap<String, Served>>,
    log: Mutex<Vec<Request>>,
    /// Connections that are kept open and silent.
    held: Mutex<Vec<TcpStream>>,
    is_over: AtomicBool,
}

/// Serves until it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(files: &[(&str, Served)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let server = Self {
            port,
            shared: shared.clone(),
            thread: Some(std::thread::spawn(move || accept(&listener, &shared))),
        };
        files
            .iter()
            .for_each(|(path, file)| server.serve(path, file.clone()));
        server
    }

    /// Serves a file from now on.
    pub(crate) fn serve(&self, path: &str, file: Served) {
        self.shared.files.lock().unwrap().insert(path.into(), file);
    }

    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests since this was last asked.
    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.shared.log.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.shared.held.lock().unwrap().clear();
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.thread.take().unwrap().join().unwrap();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    let mut answers = Vec::new();
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            break;
        }
        let shared = shared.clone();
        let stream = stream.unwrap();
        answers.push(std::thread::spawn(move || drop(answer(stream, &shared))));
    }
    answers
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

fn answer(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let Some((path, headers)) = read_request(&stream)? else {
        return Ok(());
    };
    let range = headers.get("range").and_then(|text| parse_range(text));
    let file = shared.files.lock().unwrap().get(&path).cloned();
    let log = |sent| {
        let (path, range) = (path.clone(), range.clone());
        shared
            .log
            .lock()
            .unwrap()
            .push(Request { path, range, sent });
    };
    let file = file.unwrap_or_else(|| Served {
        status: Some("404 Not Found"),
        ..Served::default()
    });
    if file.silent {
        log(0);
        shared.held.lock().unwrap().push(stream);
        return Ok(());
    }
    let is_old = match (headers.get("if-match"), file.etag) {
        (Some(wanted), Some(etag)) => wanted != etag,
        _ => false,
    };
    let status = if is_old {
        Some("412 Precondition Failed")
    } else {
        file.status
    };
    if let Some(status) = status.or(file.location.as_ref().map(|_| "302 Found")) {
        log(0);
        let location = file
            .location
            .map_or(String::new(), |to| format!("Location: {to}\r\n"));
        return write!(
            &stream,
            "HTTP/1.1 {status}\r\n{location}Content-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let (head, body) = body(&file, range.clone());
    let limit = cut(shared, &path).unwrap_or(body.len()).min(body.len());
    log(limit);
    write!(
        &stream,
        "{head}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    (&stream).write_all(&body[..limit])
}

/// The status line with headers, and what is sent.
fn body(file: &Served, range: Option<Range<u64>>) -> (String, &[u8]) {
    let size = file.bytes.len() as u64;
    let etag = file
        .etag
        .map_or(String::new(), |etag| format!("ETag: {etag}\r\n"));
    match range.filter(|_| !file.no_ranges) {
        Some(range) if range.start >= size => {
            ("HTTP/1.1 416 Range Not Satisfiable\r\n".into(), &[])
        }
        Some(range) => {
            let end = range.end.min(size);
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\n{etag}Content-Range: bytes {}-{}/{size}\r\n",
                range.start,
                end - 1
            );
            (head, &file.bytes[range.start as usize..end as usize])
        }
        None => (format!("HTTP/1.1 200 OK\r\n{etag}"), &file.bytes),
    }
}

/// After how many bytes this answer is cut, and one cut less to come.
fn cut(shared: &Shared, path: &str) -> Option<usize> {
    let mut files = shared.files.lock().unwrap();
    let (after, times) = files.get_mut(path)?.cut.as_mut()?;
    *times = times.checked_sub(1)?;
    Some(*after)
}

fn read_request(stream: &TcpStream) -> std::io::Result<Option<(String, HashMap<String, String>)>> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else {
        return Ok(None);
    };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    for line in lines {
        match line?.split_once(':') {
            Some((name, value)) => headers.insert(name.to_ascii_lowercase(), value.trim().into()),
            None => break,
        };
    }
    Ok(Some((path, headers)))
}

/// `bytes=3-9` is 3..10.
fn parse_range(text: &str) -> Option<Range<u64>> {
    let (start, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    Some(start.parse().ok()?..last.parse::<u64>().ok()? + 1)
}
