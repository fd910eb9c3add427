//! Conversions block by block: any format to any, killed ones, bounded memory.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
};

use annbench_store::{
    Embeddings, LoadOptions,
    convert::{ConvertOptions, Converted, convert},
    load, read_scored_truth,
};
use annbench_vectors::Ids;

use crate::{
    child::{self, Limits},
    samples,
    shared::fixture,
};

fn limits(memory_mib: u64) -> Limits {
    Limits {
        memory_mib,
        cpu_s: 600,
    }
}

fn read(path: &Path) -> Embeddings {
    let options = LoadOptions {
        keep_columns: true,
        ..LoadOptions::default()
    };
    load(path, &options, &mut |_| {}).unwrap_or_else(|error| panic!("{error:?}"))
}

fn converted(input: &Path, output: &Path, options: &ConvertOptions) -> Converted {
    let mut seen = Vec::new();
    let converted = convert(input, output, options, &mut |progress| seen.push(progress));
    assert!(seen.is_sorted_by_key(|progress| progress.done), "{seen:?}");
    assert!(seen.iter().all(|progress| progress.done <= progress.total));
    converted.unwrap_or_else(|error| panic!("{}: {error:?}", input.display()))
}

#[test]
fn any_format_becomes_any_other() {
    let folder = tempfile::tempdir().unwrap();
    for sample in samples::all() {
        let input = folder.path().join(sample.name);
        std::fs::write(&input, &sample.bytes).unwrap();
        let expected = read(&input);
        for name in [
            "out.npy",
            "out.fvecs",
            "out.fbin",
            "out.hdf5",
            "out.parquet",
        ] {
            let output = folder.path().join(name);
            let done = converted(&input, &output, &ConvertOptions::default());
            assert_eq!((done.n_input, done.n), (expected.n(), expected.n()));
            let found = read(&output);
            let case = format!("{} to {name}", sample.name);
            assert!(found.vectors == expected.vectors, "{case}");
            if name == "out.parquet" {
                assert_eq!(found.ids, expected.ids, "{case}");
                assert_eq!(found.columns, expected.columns, "{case}");
            }
        }
    }
}

#[test]
fn a_part_of_any_format_is_the_part_of_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.parquet");
    let default = ConvertOptions::default;
    for sample in samples::all() {
        let input = folder.path().join(sample.name);
        std::fs::write(&input, &sample.bytes).unwrap();
        let whole = read(&input);
        let cases = [
            (
                ConvertOptions {
                    rows: Some(vec![99, 3, 57]),
                    ..default()
                },
                vec![99, 3, 57],
            ),
            (
                ConvertOptions {
                    skip_rows: (2..100).collect(),
                    ..default()
                },
                vec![0, 1],
            ),
            (
                ConvertOptions {
                    limit: Some(3),
                    ..default()
                },
                vec![0, 1, 2],
            ),
        ];
        for (options, rows) in cases {
            let done = converted(&input, &output, &options);
            assert_eq!((done.n_input, done.n), (100, rows.len()), "{}", sample.name);
            assert_eq!(read(&output), whole.select(&rows), "{}", sample.name);
        }
    }
}

#[test]
fn a_file_of_ann_benchmarks_keeps_its_queries_and_truth() {
    let Some(input) = fixture("ann_benchmarks_layout_l2.hdf5") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("copy.hdf5");
    converted(&input, &output, &ConvertOptions::default());
    assert_eq!(
        read_scored_truth(&output).unwrap(),
        read_scored_truth(&input).unwrap()
    );
    let test = |path| {
        let options = LoadOptions {
            vector_column: Some("test".into()),
            ..LoadOptions::default()
        };
        load(path, &options, &mut |_| {}).unwrap()
    };
    assert_eq!(test(&output), test(&input));
    let part = ConvertOptions {
        limit: Some(500),
        ..ConvertOptions::default()
    };
    converted(&input, &output, &part);
    let message = read_scored_truth(&output).unwrap_err().to_string();
    assert!(
        message.contains("no column `neighbors`"),
        "truth of other rows: {message}"
    );
    assert_eq!(test(&output), test(&input));
}

/// An fbin of `n x 64` ones, sparse on the disk.
fn large_fbin(path: &Path, n: u32) {
    let mut file = File::create(path).unwrap();
    file.write_all(&[n.to_le_bytes(), 64u32.to_le_bytes()].concat())
        .unwrap();
    file.set_len(8 + u64::from(n) * 64 * 4).unwrap();
}

#[test]
fn a_killed_conversion_leaves_the_output_as_it_was() {
    if let Some((output, input)) = child::work() {
        // The child: says that it has begun to write, and waits to be killed.
        let mut wait = |_| {
            println!("begun");
            std::io::stdin().read_exact(&mut [0]).unwrap();
        };
        convert(
            &input,
            Path::new(&output),
            &ConvertOptions::default(),
            &mut wait,
        )
        .unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.fbin");
    large_fbin(&input, 50_000);
    let output = folder.path().join("out.parquet");
    for old in [None, Some("as it was")] {
        if let Some(old) = old {
            std::fs::write(&output, old).unwrap();
        }
        let test = "convert::a_killed_conversion_leaves_the_output_as_it_was";
        let mut child = child::start(test, output.to_str().unwrap(), &input, limits(4_096));
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(
            lines
                .map_while(Result::ok)
                .any(|line| line.ends_with("begun"))
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(std::fs::read_to_string(&output).ok().as_deref(), old);
    }
}

#[test]
fn a_conversion_takes_no_memory_for_the_size_of_its_input() {
    if let Some((output, input)) = child::work() {
        converted(&input, Path::new(&output), &ConvertOptions::default());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.fbin");
    // 512 MB of vectors, in a process that may have 400 MB of everything.
    large_fbin(&input, 2_000_000);
    let output = folder.path().join("out.parquet");
    let test = "convert::a_conversion_takes_no_memory_for_the_size_of_its_input";
    let mut child = child::start(test, output.to_str().unwrap(), &input, limits(400));
    let mut said = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert!(child.wait().unwrap().success(), "{said}");
    assert!(output.exists());
}

#[test]
fn one_text_among_ids_makes_all_of_them_texts() {
    let folder = tempfile::tempdir().unwrap();
    let id = |row| {
        if row == 2_500 {
            "x".into()
        } else {
            format!("{row}")
        }
    };
    let rows = (0..3_000).map(|row| format!("{},\"[1, 2]\"\n", id(row)));
    let input = folder.path().join("in.csv");
    std::fs::write(&input, format!("id,emb\n{}", rows.collect::<String>())).unwrap();
    let output = folder.path().join("out.parquet");
    converted(&input, &output, &ConvertOptions::default());
    let Ids::Strings(ids) = read(&output).ids else {
        panic!("texts");
    };
    assert_eq!((ids[0].as_str(), ids[2_500].as_str()), ("0", "x"));
}
