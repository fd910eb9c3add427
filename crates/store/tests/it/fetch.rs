//! Sets of a catalogue, fetched from a web server on this machine.

use std::path::Path;

use annbench_store::{
    LoadOptions, RemoteError,
    catalog::Catalog,
    convert::{Companions, ConvertOptions, convert},
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

fn fvecs(rows: &[[f32; 4]]) -> Vec<u8> {
    let row = |row: &[f32; 4]| {
        [
            4i32.to_le_bytes().to_vec(),
            bytemuck::cast_slice(row).to_vec(),
        ]
    };
    rows.iter().flat_map(row).flatten().collect()
}

fn ivecs(lists: &[[i32; 3]]) -> Vec<u8> {
    let list = |list: &[i32; 3]| [vec![3], list.to_vec()].concat();
    let words: Vec<i32> = lists.iter().flat_map(list).collect();
    bytemuck::cast_slice(&words).to_vec()
}

/// An archive as the TEXMEX corpus has them, with more in it than is wanted.
fn archive(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (name, bytes) in members {
        let mut header = tar::Header::new_gnu();
        // As it stands, also where `set_path` would refuse it.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, bytes.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

fn texmex() -> Vec<(&'static str, Vec<u8>)> {
    let rows: Vec<[f32; 4]> = (0..500).map(|row| [row as f32; 4]).collect();
    vec![
        ("../../outside.fvecs", vec![1; 10]),
        ("./tiny/tiny_base.fvecs", fvecs(&rows)),
        ("tiny/tiny_query.fvecs", fvecs(&rows[..10])),
        ("tiny/tiny_learn.fvecs", vec![1; 10]),
        ("tiny/tiny_groundtruth.ivecs", ivecs(&[[0, 1, 2]; 10])),
    ]
}

fn packed_catalog(address: &str) -> Catalog {
    let piece = |key: &str, file: &str| {
        format!("{key}.url = \"{address}\"\n{key}.member = \"tiny/tiny_{file}\"\n")
    };
    let text = format!(
        "[[dataset]]\nname = \"tiny\"\nabout = \"numbers\"\nmetric = \"l2\"\ndim = 4\nn = 500\n\
         n_queries = 10\nlicence = \"none\"\nsource = \"here\"\ntried = true\n{}{}{}",
        piece("base", "base.fvecs"),
        piece("queries", "query.fvecs"),
        piece("ground_truth", "groundtruth.ivecs"),
    );
    Catalog::parse(&text).unwrap()
}

#[test]
fn an_archive_is_fetched_once_and_what_is_wanted_taken_out() {
    let server = Server::start(&[("/tiny.tar.gz", Served::new(archive(&texmex())))]);
    let run = Fetch::new();
    let fetched = run
        .run(&packed_catalog(&server.address("/tiny.tar.gz")))
        .unwrap();
    assert_eq!((fetched.origins.len(), fetched.unpinned.len()), (1, 1));
    check_dataset(&run.path(), 500);
    let truth = Dataset::open(&run.path()).unwrap().load_truth().unwrap();
    assert_eq!(truth.unwrap().rows.row(9), [0, 1, 2]);
    let sent: usize = server.requests().iter().map(|request| request.sent).sum();
    assert_eq!(sent, archive(&texmex()).len());
    let mut names: Vec<_> = std::fs::read_dir(run.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["tiny"], "nothing lies outside of the set's folder");
}

#[test]
fn an_archive_that_is_not_what_it_should_be_leaves_nothing_behind() {
    let mut lacking = texmex();
    lacking.remove(2);
    let mut cut = archive(&texmex());
    cut.truncate(cut.len() / 2);
    let mut large = texmex();
    large[2].1 = vec![0; 2_000_000];
    let cases = [
        (
            archive(&lacking),
            "tiny/tiny_query.fvecs is not in it, which holds ../../outside.fvecs",
        ),
        (cut, "cannot be unpacked"),
        (b"no archive".to_vec(), "cannot be unpacked"),
        (archive(&large), "has 2000000 bytes, 460000 at most"),
    ];
    for (bytes, expected) in cases {
        let server = Server::start(&[("/tiny.tar.gz", Served::new(bytes))]);
        let run = Fetch::new();
        let error = run
            .run(&packed_catalog(&server.address("/tiny.tar.gz")))
            .unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!run.path().exists());
    }
}

#[test]
fn a_folder_of_this_machine_stands_in_for_an_address_that_nothing_reads() {
    let catalog = packed_catalog("ftp://host/corpus/tiny.tar.gz");
    let mut run = Fetch::new();
    let error = run.run(&catalog).unwrap_err().to_string();
    assert!(
        error.contains("ftp://host/corpus/tiny.tar.gz: only http(s)"),
        "{error}"
    );
    assert!(error.contains("--mirror"), "{error}");
    let mirror = tempfile::tempdir().unwrap();
    run.options.mirror = Some(mirror.path().display().to_string());
    let error = run.run(&catalog).unwrap_err().to_string();
    assert!(
        error.contains("tiny.tar.gz: no such file; download"),
        "{error}"
    );
    std::fs::write(mirror.path().join("tiny.tar.gz"), archive(&texmex())).unwrap();
    run.run(&catalog).unwrap();
    check_dataset(&run.path(), 500);
}

#[test]
fn the_truth_of_an_hdf5_file_comes_along() {
    let folder = tempfile::tempdir().unwrap();
    let (npy, hdf5) = (folder.path().join("a.npy"), folder.path().join("a.hdf5"));
    let values: Vec<f32> = (0..500 * 4).map(|i| (i / 4) as f32).collect();
    annbench_store::npy::write(&npy, &values, &[500, 4]).unwrap();
    let rows = |values: Vec<u32>| annbench_vectors::Matrix::from_vec(values, 2).unwrap();
    let queries = annbench_vectors::Matrix::from_vec(values[..40].to_vec(), 4).unwrap();
    let options = ConvertOptions {
        companions: Some(Companions {
            metric: Some(annbench_vectors::Metric::L2),
            queries: Some(queries),
            truth: Some(annbench_store::Truth {
                rows: rows((0..10).flat_map(|row| [row, row + 1]).collect()),
                distances: None,
            }),
        }),
        ..ConvertOptions::default()
    };
    convert(&npy, &hdf5, &options, &mut |_| {}).unwrap();
    let server = Server::start(&[("/a.hdf5", Served::new(std::fs::read(&hdf5).unwrap()))]);
    let mut catalog = catalog(&server, 500, "");
    catalog.entries[0].base.url = server.address("/a.hdf5");
    catalog.entries[0].queries = None;
    let run = Fetch::new();
    run.run(&catalog).unwrap();
    check_dataset(&run.path(), 500);
    let truth = Dataset::open(&run.path()).unwrap().load_truth().unwrap();
    assert_eq!(truth.unwrap().rows.row(3), [3, 4]);
}
