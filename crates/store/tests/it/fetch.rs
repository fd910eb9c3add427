//! Sets of a catalogue, fetched from a web server on this machine.

use std::path::Path;

use annbench_store::{
    LoadOptions, RemoteError,
    catalog::Catalog,
    dataset::Dataset,
    fetch::{FetchError, FetchOptions, Fetched, fetch},
    hash::sha256_file,
    remote::{Limits, Remote},
};
use tempfile::TempDir;

use crate::{
    remote::LIMITS,
    server::{Served, Server},
};

/// A flat file of `n` rows of 4 components, each row its number.
fn fbin(n: u32) -> Vec<u8> {
    let header = [n, 4].map(u32::to_le_bytes).concat();
    let rows = (0..n).flat_map(|row| (row as f32).to_le_bytes().repeat(4));
    header.into_iter().chain(rows).collect()
}

/// A catalogue of one set whose files lie on the server; `more` follows the address of the base.
fn catalog(server: &Server, n: usize, more: &str) -> Catalog {
    let text = format!(
        "[[dataset]]\nname = \"tiny\"\nabout = \"numbers\"\nmetric = \"l2\"\ndim = 4\nn = {n}\n\
         n_queries = 10\nlicence = \"none\"\nsource = \"here\"\ntried = true\n\
         queries.url = \"{}\"\nbase.url = \"{}\"\n{more}",
        server.address("/queries.fbin"),
        server.address("/base.fbin"),
    );
    Catalog::parse(&text).unwrap()
}

fn serve(base: Served) -> Server {
    Server::start(&[
        ("/base.fbin", base),
        ("/queries.fbin", Served::new(fbin(10))),
    ])
}

struct Fetch {
    folder: TempDir,
    limits: Limits,
    options: FetchOptions,
}

impl Fetch {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            limits: LIMITS,
            options: FetchOptions::default(),
        }
    }

    fn run(&self, catalog: &Catalog) -> Result<Fetched, FetchError> {
        let remote = Remote::new(self.folder.path()).with_limits(self.limits);
        let entry = catalog.find("tiny").unwrap();
        fetch(entry, &self.path(), &remote, &self.options, &mut |_| {})
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("tiny")
    }
}

fn check_dataset(folder: &Path, n: usize) {
    let dataset = Dataset::open(folder).unwrap();
    dataset.verify().unwrap();
    assert_eq!(dataset.licence.as_deref(), Some("none"));
    let options = LoadOptions::default();
    let base = dataset.load_base(&options, &mut |_| {}).unwrap();
    let queries = dataset
        .load_queries(&options, &mut |_| {})
        .unwrap()
        .unwrap();
    assert_eq!((base.n(), queries.n()), (n, 10));
    let last = (n - 1) as f32;
    assert_eq!(base.vectors.row(n - 1), [last; 4]);
    assert!(!folder.join(".download").exists());
}

#[test]
fn a_set_becomes_a_dataset_and_is_fetched_once() {
    let server = serve(Served::new(fbin(5_000)));
    let run = Fetch::new();
    let catalog = catalog(&server, 5_000, "");
    let fetched = run.run(&catalog).unwrap();
    check_dataset(&run.path(), 5_000);
    assert_eq!((fetched.unpinned.len(), fetched.was_there), (2, false));
    server.requests();
    assert!(run.run(&catalog).unwrap().was_there);
    assert!(server.requests().is_empty());
}

#[test]
fn a_pinned_hash_is_accepted_and_a_wrong_one_leaves_nothing_behind() {
    let server = serve(Served::new(fbin(500)));
    let run = Fetch::new();
    let file = run.folder.path().join("right");
    std::fs::write(&file, fbin(500)).unwrap();
    let right = sha256_file(&file).unwrap();
    let wrong = "0".repeat(64);
    let error = run
        .run(&catalog(
            &server,
            500,
            &format!("base.sha256 = \"{wrong}\""),
        ))
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains(&wrong) && message.contains(&right),
        "{message}"
    );
    assert!(!run.path().exists());
    let error = run
        .run(&catalog(&server, 500, "base.bytes = 8009"))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has 8008 bytes, the catalogue says 8009"),
        "{error}"
    );
    assert!(!run.path().exists());
    let error = run.run(&catalog(&server, 501, "")).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("n = 500, the catalogue says n = 501"),
        "{error}"
    );
    assert!(!run.path().exists());
    run.run(&catalog(
        &server,
        500,
        &format!("base.sha256 = \"{right}\""),
    ))
    .unwrap();
    check_dataset(&run.path(), 500);
}

#[test]
fn a_further_fetch_must_bring_the_same() {
    let server = serve(Served::new(fbin(500)));
    let mut run = Fetch::new();
    let catalog = catalog(&server, 500, "");
    run.run(&catalog).unwrap();
    run.options.again = true;
    run.run(&catalog).unwrap();
    let mut other = fbin(500);
    other[100] ^= 1;
    server.serve(
        "/base.fbin",
        Served {
            etag: Some("\"v2\""),
            ..Served::new(other)
        },
    );
    let error = run.run(&catalog).unwrap_err();
    assert!(matches!(error, FetchError::Hash { .. }), "{error}");
    check_dataset(&run.path(), 500);
}

#[test]
fn a_fetch_that_was_cut_asks_for_the_rest() {
    let whole = fbin(20_000);
    let server = serve(Served::new(whole.clone()));
    let mut run = Fetch::new();
    run.limits = Limits {
        connections: 1,
        retries: 0,
        ..LIMITS
    };
    let catalog = catalog(&server, 20_000, "");
    // The look and one part of 50,000 bytes come whole, of the next part 30,000 bytes.
    server.serve(
        "/base.fbin",
        Served {
            cut: Some((30_000, 0)),
            ..Served::new(whole.clone())
        },
    );
    let remote = Remote::new(run.folder.path()).with_limits(run.limits);
    let cut = Served {
        cut: Some((30_000, usize::MAX)),
        ..Served::new(whole.clone())
    };
    let mut watch = |step: annbench_store::fetch::Step<'_>| {
        if let annbench_store::fetch::Step::Download {
            file: "base.fbin",
            transfer,
        } = step
            && transfer.done > 50_000
        {
            server.serve("/base.fbin", cut.clone());
        }
    };
    let entry = catalog.find("tiny").unwrap();
    let error = fetch(entry, &run.path(), &remote, &run.options, &mut watch).unwrap_err();
    assert!(
        matches!(error, FetchError::Remote(RemoteError::Cut { .. })),
        "{error}"
    );
    let first: usize = server.requests().iter().map(|request| request.sent).sum();
    server.serve("/base.fbin", Served::new(whole.clone()));
    run.run(&catalog).unwrap();
    check_dataset(&run.path(), 20_000);
    let asked = server.requests();
    let base = asked
        .iter()
        .filter(|request| request.path == "/base.fbin" && request.range != Some(0..4096));
    let missing: usize = base.map(|request| request.sent).sum();
    assert_eq!(first + missing, whole.len(), "{asked:?}");
}

#[test]
fn a_mirror_and_a_redirect_lead_to_the_files() {
    let server = serve(Served::new(fbin(500)));
    let elsewhere = Server::start(&[]);
    for name in ["base.fbin", "queries.fbin"] {
        let moved = Served {
            location: Some(server.address(&format!("/{name}"))),
            ..Served::default()
        };
        elsewhere.serve(&format!("/ann/{name}"), moved);
    }
    let mut run = Fetch::new();
    run.options.mirror = Some(elsewhere.address("/ann/"));
    let gone = Server::start(&[]);
    let catalog = catalog(&gone, 500, "");
    let fetched = run.run(&catalog).unwrap();
    check_dataset(&run.path(), 500);
    assert!(gone.requests().is_empty());
    assert_eq!(fetched.origins[0].url, gone.address("/base.fbin"));
}

#[test]
fn no_network_is_said_and_leaves_nothing_behind() {
    let gone = Server::start(&[]);
    let catalog = catalog(&gone, 500, "");
    drop(gone);
    let run = Fetch::new();
    let error = run.run(&catalog).unwrap_err();
    assert!(
        matches!(error, FetchError::Remote(RemoteError::Unreachable { .. })),
        "{error}"
    );
    assert!(!run.path().exists());
}

#[test]
fn the_first_rows_of_a_flat_file_are_all_that_is_asked_for() {
    let server = serve(Served::new(fbin(20_000)));
    let run = Fetch::new();
    run.run(&catalog(&server, 3_000, "base.rows = 3000"))
        .unwrap();
    check_dataset(&run.path(), 3_000);
    let sent: usize = server.requests().iter().map(|request| request.sent).sum();
    assert_eq!(sent, 8 + 3_000 * 16 + 8 + 10 * 16);
}

#[test]
fn numbered_parts_become_one_base() {
    let part = |ids: std::ops::Range<i64>| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part.parquet");
        let values = ids.clone().flat_map(|id| [id as f32; 4]).collect();
        let vectors = annbench_vectors::Matrix::from_vec(values, 4).unwrap();
        let ids = annbench_vectors::Ids::Integers(ids.collect());
        let part = annbench_store::Embeddings::new(vectors, ids).unwrap();
        annbench_store::write_parquet(&path, &part, &annbench_store::WriteOptions::default())
            .unwrap();
        Served::new(std::fs::read(path).unwrap())
    };
    let server = serve(Served::default());
    let mut catalog = catalog(&server, 12 * 10, "");
    catalog.entries[0].base.url = server.address("/train/{}.parquet");
    catalog.entries[0].base.parts = Some(12);
    for number in 0..12 {
        server.serve(
            &format!("/train/{number}.parquet"),
            part(10 * number..10 * number + 10),
        );
    }
    let run = Fetch::new();
    run.run(&catalog).unwrap();
    check_dataset(&run.path(), 120);
}

#[test]
fn a_format_that_nothing_reads_is_refused_before_anything_is_asked_for() {
    let server = serve(Served::default());
    let mut catalog = catalog(&server, 500, "");
    catalog.entries[0].base.url = server.address("/base.xyz");
    let error = Fetch::new().run(&catalog).unwrap_err();
    assert!(
        error.to_string().contains("this build cannot use it"),
        "{error}"
    );
    assert!(server.requests().is_empty());
}
