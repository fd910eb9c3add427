//! Files on a web server: what is asked for, and what happens when the server fails.

use std::{path::Path, sync::Arc, time::Duration};

use annbench_store::{
    Embeddings, LoadOptions, WriteOptions, load,
    remote::{Brought, Limits, Remote, RemoteError},
    write_parquet,
};
use annbench_vectors::{Ids, Matrix};
use arrow_array::{RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::file::reader::{FileReader, SerializedFileReader};
use tempfile::TempDir;

use crate::server::{Request, Served, Server};

/// Patient enough for a busy machine, and quick to try again.
pub(crate) const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    silence: Duration::from_secs(10),
    retries: 2,
    backoff: Duration::from_millis(1),
    part_bytes: 50_000,
    connections: 3,
};

/// 500 x 32 vectors with ids, and texts that take more room than they.
fn embeddings() -> Embeddings {
    let values = (0..500 * 32).map(|i| (i as f32).sin()).collect();
    let texts = (0..500u64).map(|row| {
        let letters = (0..400u64).map(|i| {
            let mixed = (row * 400 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            char::from(b'a' + (mixed % 26) as u8)
        });
        letters.collect::<String>()
    });
    let schema = Schema::new(vec![Field::new("text", DataType::Utf8, false)]);
    let texts = StringArray::from_iter_values(texts);
    let columns = RecordBatch::try_new(Arc::new(schema), vec![Arc::new(texts)]).unwrap();
    Embeddings {
        vectors: Matrix::from_vec(values, 32).unwrap(),
        ids: Ids::Integers((0..500).map(|id| id * 3).collect()),
        columns: Some(columns),
    }
}

/// A Parquet file of [`embeddings`] in three row groups, in bytes, in a folder that is theirs.
fn parquet_file(folder: &Path) -> Vec<u8> {
    let path = folder.join("local.parquet");
    let options = WriteOptions {
        row_group_rows: 200,
        ..WriteOptions::default()
    };
    write_parquet(&path, &embeddings(), &options).unwrap();
    std::fs::read(path).unwrap()
}

fn bring_with(folder: &TempDir, address: &str, limits: Limits) -> Result<Brought, RemoteError> {
    let remote = Remote::new(&folder.path().join("cache")).with_limits(limits);
    let mut last = None;
    let brought = remote.bring(address, &LoadOptions::default(), &mut |done| {
        last = Some(done)
    })?;
    if let Some(last) = last {
        assert_eq!(
            (last.done, last.total),
            (brought.transferred, brought.transferred)
        );
    }
    Ok(brought)
}

fn bring(folder: &TempDir, address: &str) -> Result<Brought, RemoteError> {
    bring_with(folder, address, LIMITS)
}

fn check_vectors(path: &Path) {
    let read = load(path, &LoadOptions::default(), &mut |_| {}).unwrap();
    let expected = embeddings();
    assert_eq!((read.vectors, read.ids), (expected.vectors, expected.ids));
}

fn sent(requests: &[Request]) -> usize {
    requests.iter().map(|request| request.sent).sum()
}

#[test]
fn only_the_footer_and_the_columns_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = parquet_file(folder.path());
    let size = bytes.len();
    let server = Server::start(&[("/a/base.parquet", Served::new(bytes))]);
    let brought = bring(&folder, &server.address("/a/base.parquet")).unwrap();
    check_vectors(&brought.path);
    assert_eq!(brought.path.file_name().unwrap(), "base.parquet");

    let file = std::fs::File::open(folder.path().join("local.parquet")).unwrap();
    let footer = SerializedFileReader::new(file).unwrap();
    let texts = footer.metadata().row_groups().iter().map(|group| {
        let column = |i| group.column(i).column_descr().name() == "text";
        let text = (0..group.num_columns()).find(|&i| column(i)).unwrap();
        group.column(text).byte_range()
    });
    let requests = server.requests();
    let text_bytes: u64 = texts.clone().map(|(_, length)| length).sum();
    for (start, length) in texts {
        // The first look and the guess at the footer may graze a text.
        let (low, high) = (start.max(4096), (start + length).min(size as u64 - 16_384));
        let reads = |range: &std::ops::Range<u64>| range.start < high && range.end > low;
        let read = requests
            .iter()
            .find(|request| request.range.as_ref().is_some_and(reads));
        assert_eq!(read, None, "a text lies at {low}..{high}");
    }
    assert!(
        sent(&requests) + text_bytes as usize <= size + 2 * (4096 + 16_384),
        "{requests:?}"
    );
    assert_eq!(sent(&requests), brought.transferred as usize);
}

#[test]
fn a_file_that_is_here_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = parquet_file(folder.path());
    let server = Server::start(&[("/base.parquet", Served::new(bytes.clone()))]);
    let address = server.address("/base.parquet");
    let first = bring(&folder, &address).unwrap();
    server.requests();
    let second = bring(&folder, &address).unwrap();
    assert_eq!(second.path, first.path);
    assert_eq!(sent(&server.requests()), 4096, "one look at the version");

    let mut changed = Served::new(bytes);
    changed.etag = Some("\"v2\"");
    server.serve("/base.parquet", changed);
    let third = bring(&folder, &address).unwrap();
    assert_eq!(third.transferred, first.transferred);
    check_vectors(&third.path);
}

#[test]
fn an_outline_takes_the_footer_alone() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = parquet_file(folder.path());
    let size = bytes.len();
    let mut no_ranges = Served::new(bytes.clone());
    no_ranges.no_ranges = true;
    let files = [
        ("/a.parquet", Served::new(bytes)),
        ("/whole.parquet", no_ranges),
    ];
    let server = Server::start(&files);
    let remote = Remote::new(folder.path()).with_limits(LIMITS);
    let outline =
        |path| remote.outline(&server.address(path), &LoadOptions::default(), &mut |_| {});
    let (found, brought) = outline("/a.parquet").unwrap().unwrap();
    assert_eq!((found.n, found.dim, found.row_groups), (500, 32, Some(3)));
    assert_eq!((found.bytes, found.columns.len()), (size as u64, 3));
    assert!(brought.transferred <= 4096 + 16_384);
    assert_eq!(outline("/whole.parquet").unwrap(), None);
}

#[test]
fn other_formats_and_servers_without_ranges_give_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = parquet_file(folder.path());
    let local = folder.path().join("local.npy");
    let options = annbench_store::convert::ConvertOptions::default();
    let parquet = folder.path().join("local.parquet");
    annbench_store::convert::convert(&parquet, &local, &options, &mut |_| {}).unwrap();
    let npy = std::fs::read(local).unwrap();
    let mut no_ranges = Served::new(bytes.clone());
    (no_ranges.no_ranges, no_ranges.etag) = (true, None);
    let files = [
        ("/base.npy", Served::new(npy.clone())),
        ("/base.parquet", no_ranges),
    ];
    let server = Server::start(&files);
    for (path, whole) in [("/base.npy", npy), ("/base.parquet", bytes)] {
        let brought = bring(&folder, &server.address(path)).unwrap();
        assert_eq!(std::fs::read(&brought.path).unwrap(), whole, "{path}");
        // Without a tag there is no knowing whether it is still the same.
        server.requests();
        let again = bring(&folder, &server.address(path)).unwrap();
        assert_eq!(std::fs::read(&again.path).unwrap(), whole, "{path}");
        let is_read_again = again.transferred >= whole.len() as u64;
        assert_eq!(is_read_again, path == "/base.parquet");
    }
}

#[test]
fn a_cut_connection_is_taken_up_where_it_broke() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..120_000u32).flat_map(u32::to_le_bytes).collect();
    let whole = bytes.len();
    for etag in [Some("\"v1\""), Some("W/\"v1\""), None] {
        let mut file = Served::new(bytes.clone());
        (file.etag, file.cut) = (etag, Some((30_000, 5)));
        let server = Server::start(&[("/base.fbin", file)]);
        let brought = bring(&folder, &server.address("/base.fbin")).unwrap();
        assert_eq!(std::fs::read(&brought.path).unwrap(), bytes, "{etag:?}");
        let requests = server.requests();
        assert_eq!(sent(&requests), whole, "{etag:?}: nothing came twice");
    }
}

#[test]
fn a_transfer_that_broke_off_goes_on_when_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> = (0..120_000u32).flat_map(u32::to_le_bytes).collect();
    let mut file = Served::new(bytes.clone());
    file.cut = Some((0, usize::MAX));
    let server = Server::start(&[("/base.fbin", Served::new(bytes.clone()))]);
    let address = server.address("/base.fbin");
    let one_at_a_time = Limits {
        connections: 1,
        retries: 0,
        ..LIMITS
    };
    // The look and two parts come, then nothing more does.
    let remote = Remote::new(&folder.path().join("cache")).with_limits(one_at_a_time);
    let mut progress = |transfer: annbench_store::remote::Transfer| {
        if transfer.done >= 100_000 {
            server.serve("/base.fbin", file.clone());
        }
    };
    let broken = remote.bring(&address, &LoadOptions::default(), &mut progress);
    assert!(matches!(broken, Err(RemoteError::Cut { .. })), "{broken:?}");
    let before = sent(&server.requests());
    assert!(before >= 100_000, "{before}");
    server.serve("/base.fbin", Served::new(bytes.clone()));
    let brought = bring(&folder, &address).unwrap();
    assert_eq!(std::fs::read(&brought.path).unwrap(), bytes);
    let after = sent(&server.requests());
    assert_eq!(
        after,
        bytes.len() - before + 4096,
        "the look again, and what was missing"
    );
}

#[test]
fn a_file_that_changes_under_the_reader_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = vec![7; 400_000];
    for etag in ["\"v2\"", "W/\"v2\""] {
        let mut old = Served::new(bytes.clone());
        old.etag = Some(if etag.starts_with('W') {
            "W/\"v1\""
        } else {
            "\"v1\""
        });
        let server = Server::start(&[("/base.fbin", old)]);
        let mut new = Served::new(bytes.clone());
        new.etag = Some(etag);
        let remote = Remote::new(folder.path()).with_limits(LIMITS);
        let mut swap = |_| server.serve("/base.fbin", new.clone());
        let result = remote.bring(
            &server.address("/base.fbin"),
            &LoadOptions::default(),
            &mut swap,
        );
        assert!(
            matches!(result, Err(RemoteError::Changed { .. })),
            "{result:?}"
        );
    }
}

#[test]
fn what_a_server_refuses_is_said_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let status = |status| Served {
        status: Some(status),
        ..Served::default()
    };
    let files = [
        ("/403.npy", status("403 Forbidden")),
        ("/500.npy", status("500 Internal Server Error")),
        ("/empty.npy", Served::new(Vec::new())),
        ("/not.npy", Served::new(b"<html>login</html>".repeat(10))),
    ];
    let server = Server::start(&files);
    let gone = Server::start(&[]).port;
    let cases = [
        (server.address("/missing.npy"), "not found there"),
        (server.address("/403.npy"), "access denied"),
        (server.address("/500.npy"), "500"),
        (server.address("/empty.npy"), "is empty"),
        (server.address("/"), "do not list their folders"),
        ("http:///base.npy".into(), "names no file"),
        (format!("http://127.0.0.1:{gone}/base.npy"), "no connection"),
        (format!("https://127.0.0.1:{}/base.npy", server.port), "no "),
    ];
    for (address, expected) in cases {
        let message = bring(&folder, &address).unwrap_err().to_string();
        assert!(
            message.starts_with(&address) && message.contains(expected),
            "{message}"
        );
    }
    let retried = server.requests();
    let times = retried
        .iter()
        .filter(|request| request.path == "/500.npy")
        .count();
    assert_eq!(times, 1 + LIMITS.retries);
    // What is no vectors is found so by the reader, as with any local file.
    let page = bring(&folder, &server.address("/not.npy")).unwrap();
    let error = load(&page.path, &LoadOptions::default(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("not a npy file"), "{error}");
}

#[test]
fn a_silent_server_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let silent = Served {
        silent: true,
        ..Served::default()
    };
    let server = Server::start(&[("/base.npy", silent)]);
    let impatient = Limits {
        silence: Duration::from_millis(50),
        ..LIMITS
    };
    let error = bring_with(&folder, &server.address("/base.npy"), impatient).unwrap_err();
    assert!(matches!(error, RemoteError::TimedOut { .. }), "{error}");
    assert!(!server.requests().is_empty());
}

#[test]
fn a_redirect_is_followed_and_a_query_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = parquet_file(folder.path());
    let server = Server::start(&[("/store/x?key=a%2Fb&n=1", Served::new(bytes))]);
    let moved = Served {
        location: Some(server.address("/store/x?key=a%2Fb&n=1")),
        ..Served::default()
    };
    server.serve("/base.parquet", moved);
    for address in ["/base.parquet", "/store/x?key=a%2Fb&n=1"] {
        check_vectors(&bring(&folder, &server.address(address)).unwrap().path);
    }
}

#[test]
fn a_bucket_is_read_with_the_variables_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = parquet_file(folder.path());
    let denied = Served {
        status: Some("403 Forbidden"),
        ..Served::default()
    };
    let files = [
        ("/bucket/a/base.parquet", Served::new(bytes)),
        ("/bucket/mine.parquet", denied),
    ];
    let server = Server::start(&files);
    let endpoint = server.address("");
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("REGION", "a variable of another program"),
    ];
    let remote = Remote::new(folder.path())
        .with_limits(LIMITS)
        .with_variables(&variables);
    let bring = |address| remote.bring(address, &LoadOptions::default(), &mut |_| {});
    check_vectors(&bring("s3://bucket/a/base.parquet").unwrap().path);
    for (address, expected) in [
        ("s3://bucket/mine.parquet", "set AWS_ACCESS_KEY_ID"),
        ("s3://bucket/base.parquet", "not found there"),
    ] {
        let message = bring(address).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_folder_of_a_bucket_is_one_table() {
    let folder = tempfile::tempdir().unwrap();
    let whole = embeddings();
    let part = |rows: std::ops::Range<usize>| {
        let path = folder.path().join("part.parquet");
        let part = whole.select(&rows.collect::<Vec<_>>());
        write_parquet(&path, &part, &WriteOptions::default()).unwrap();
        Served::new(std::fs::read(&path).unwrap())
    };
    let listing = |names: &[&str]| {
        let contents = names.iter().map(|name| {
            format!(
                "<Contents><Key>set/{name}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>\
                 <ETag>1</ETag><Size>9</Size></Contents>"
            )
        });
        let contents: String = contents.collect();
        let text = format!(
            "<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        );
        Served::new(text.into_bytes())
    };
    let listed = "/bucket?delimiter=%2F&list-type=2&prefix=set%2F";
    let names = ["train-10.parquet", "train-9.parquet", "README.md"];
    let server = Server::start(&[
        (listed, listing(&names)),
        ("/bucket/set/train-9.parquet", part(0..200)),
        ("/bucket/set/train-10.parquet", part(200..500)),
    ]);
    let endpoint = server.address("");
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "key"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
    ];
    let remote = Remote::new(folder.path())
        .with_limits(LIMITS)
        .with_variables(&variables);
    let bring = |address: &str| remote.bring(address, &LoadOptions::default(), &mut |_| {});
    let brought = bring("s3://bucket/set/").unwrap();
    assert!(brought.path.ends_with("set"), "{}", brought.path.display());
    check_vectors(&brought.path);
    check_vectors(&bring("s3://bucket/set/train-*.parquet").unwrap().path);
    server.serve(listed, listing(&["test-0.parquet", "train-9.parquet"]));
    let refused = |address: &str| bring(address).unwrap_err().to_string();
    let message = refused("s3://bucket/set/");
    assert!(
        message.contains("2 Parquet files that are not numbered parts"),
        "{message}"
    );
    server.serve(listed, listing(&["README.md"]));
    let message = refused("s3://bucket/set/");
    assert!(message.contains("no Parquet file lies there"), "{message}");
    let message = refused(&server.address("/set/"));
    assert!(
        message.contains("web servers do not list their folders"),
        "{message}"
    );
}

#[test]
fn parquet_without_the_named_column_is_refused_before_more_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&[("/a.parquet", Served::new(parquet_file(folder.path())))]);
    let options = LoadOptions {
        vector_column: Some("embeding".into()),
        ..LoadOptions::default()
    };
    let remote = Remote::new(folder.path()).with_limits(LIMITS);
    let error = remote
        .bring(&server.address("/a.parquet"), &options, &mut |_| {})
        .unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("did you mean `embedding`?"), "{source}");
    assert!(sent(&server.requests()) <= 4096 + 16_384);
}
