//! What is made is what the recipe says, whoever makes it.

use super::*;
use crate::{LoadOptions, hash::sha256_matrix, load};
use proptest::prelude::*;

const CLUSTERED: Kind = Kind::Clustered(ClusterSpec {
    clusters: 10,
    intrinsic_dim: 4,
    spread: 0.5,
});
const KINDS: [Kind; 4] = [Kind::Gaussian, Kind::Sphere, CLUSTERED, Kind::U8];

fn generator(kind: Kind, dim: usize, seed: u64, part: Part) -> Generator {
    Generator::new(Recipe { kind, dim, seed }, part).unwrap()
}

fn vectors(kind: Kind, n: usize, dim: usize) -> Matrix {
    generator(kind, dim, 1, Part::Base).matrix(n, 2).unwrap()
}

/// Mean and variance of all components.
fn moments(vectors: &Matrix) -> (f64, f64) {
    let values = || vectors.as_slice().iter().map(|&value| f64::from(value));
    let n = vectors.as_slice().len() as f64;
    let mean = values().sum::<f64>() / n;
    (
        mean,
        values().map(|value| (value - mean).powi(2)).sum::<f64>() / n,
    )
}

#[test]
fn every_kind_has_its_moments() {
    // Mean and variance, within about five standard errors of 80,000 components.
    let cases = [
        (Kind::Gaussian, 0.0, 1.0, 0.02, 0.03),
        (Kind::Sphere, 0.0, 1.0 / 8.0, 0.007, 0.001),
        (Kind::U8, 127.5, (256.0 * 256.0 - 1.0) / 12.0, 1.5, 80.0),
    ];
    for (kind, mean, variance, mean_error, variance_error) in cases {
        let found = moments(&vectors(kind, 10_000, 8));
        assert!((found.0 - mean).abs() < mean_error, "{kind:?}: {found:?}");
        assert!(
            (found.1 - variance).abs() < variance_error,
            "{kind:?}: {found:?}"
        );
    }
}

#[test]
fn norms_are_those_of_the_kind() {
    let norms = |kind| {
        let vectors = vectors(kind, 5_000, 64);
        let squared = |row: &[f32]| row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
        vectors.rows().map(squared).collect::<Vec<f64>>()
    };
    assert!(
        norms(Kind::Sphere)
            .iter()
            .all(|squared| (squared - 1.0).abs() < 1e-6)
    );
    let mean = |norms: Vec<f64>| norms.iter().sum::<f64>() / norms.len() as f64;
    // Of a chi-squared variable with 64 degrees of freedom.
    assert!((mean(norms(Kind::Gaussian)) - 64.0).abs() < 0.8);
    // Centers at about 1 from the origin, and a spread of 0.5: 1.25, as ten centers vary.
    assert!((mean(norms(CLUSTERED)) - 1.25).abs() < 0.3);
    let is_byte = |value: &f32| value.fract() == 0.0 && (0.0..=255.0).contains(value);
    assert!(vectors(Kind::U8, 100, 9).as_slice().iter().all(is_byte));
}

#[test]
fn the_spread_of_a_cluster_is_its_radius() {
    let spec = ClusterSpec {
        clusters: 1,
        intrinsic_dim: 5,
        spread: 0.25,
    };
    let vectors = vectors(Kind::Clustered(spec), 20_000, 12);
    let centered = |at: usize| {
        let column: Vec<f64> = vectors.rows().map(|row| row[at].into()).collect();
        let mean = column.iter().sum::<f64>() / column.len() as f64;
        column
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / column.len() as f64
    };
    let radius = (0..12).map(centered).sum::<f64>().sqrt();
    assert!((radius - 0.25).abs() < 0.005, "{radius}");
}

#[test]
fn a_recipe_gives_the_same_numbers_for_ever() {
    // Changing these breaks every file that a seed stands for.
    let made = KINDS.map(|kind| sha256_matrix(vectors(kind, 50, 24).view())[..16].to_owned());
    let expected = [
        "e84f81dc2f212486",
        "29cf38c92a23435e",
        "a60f74ab014c1c6b",
        "8161ba5e819194c9",
    ];
    assert_eq!(made, expected);
}

#[test]
fn parts_and_seeds_differ() {
    for kind in KINDS {
        let made = [
            (1, Part::Base),
            (2, Part::Base),
            (1, Part::Queries),
            (1, Part::ShiftedQueries),
        ]
        .map(|(seed, part)| generator(kind, 6, seed, part).matrix(20, 1).unwrap());
        for (a, b) in [(0, 1), (0, 2), (0, 3), (2, 3)] {
            let shared = made[a]
                .rows()
                .filter(|row| made[b].rows().any(|other| other == *row));
            assert_eq!(shared.count(), 0, "{kind:?}: {a} and {b}");
        }
    }
}

proptest! {
    #[test]
    fn rows_depend_on_their_number_alone(
        kind in prop::sample::select(KINDS.to_vec()), seed: u64, dim in 4usize..40,
        start in 0usize..20, rows in 1usize..20, threads in 0usize..5,
    ) {
        let generator = generator(kind, dim, seed, Part::Base);
        let whole = generator.matrix(40, 1).unwrap();
        let mut part = vec![0.0; rows * dim];
        generator.fill(start as u64, &mut part, threads);
        prop_assert_eq!(&part[..], whole.view().slice(start..start + rows).as_slice());
    }
}

#[test]
fn files_hold_what_was_made() {
    let folder = tempfile::tempdir().unwrap();
    for kind in KINDS {
        for extension in ["parquet", "npy", "fvecs", "fbin", "hdf5"] {
            let path = folder.path().join(format!("deep/out.{extension}"));
            let generator = generator(kind, 6, 9, Part::Base);
            let mut last = None;
            let made = make(&path, &generator, 100, 2, &mut |progress| {
                last = Some(progress.done)
            });
            let made = made.unwrap();
            let read = load(&path, &LoadOptions::default(), &mut |_| {}).unwrap();
            assert_eq!(
                read.vectors,
                generator.matrix(100, 1).unwrap(),
                "{extension}"
            );
            assert_eq!(made.bytes, std::fs::metadata(&path).unwrap().len());
            assert!(made.bytes <= file_bytes(&path, &generator, 100).unwrap());
            assert_eq!(last, Some(100));
        }
    }
}

#[test]
fn what_cannot_be_made_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let generator = generator(Kind::Gaussian, 1 << 20, 1, Part::Base);
    let refused = |name: &str, n: usize| {
        let error = make(&folder.path().join(name), &generator, n, 1, &mut |_| {});
        error.unwrap_err().to_string()
    };
    assert!(refused("out.parquet", 1 << 44).contains("the disk has"));
    assert!(refused("out.parquet", 0).contains("n = 0"));
    assert!(refused("out.csv", 1).contains("the name tells no format"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn recipes_that_make_no_sense_are_refused() {
    let clustered = |change: fn(&mut ClusterSpec)| {
        let mut spec = ClusterSpec::default();
        change(&mut spec);
        (Kind::Clustered(spec), 32)
    };
    let cases = [
        ((Kind::Gaussian, 0), "dim = 0"),
        ((Kind::Gaussian, 1 << 31), "dim = 2147483648 is more"),
        (clustered(|spec| spec.clusters = 0), "clusters = 0"),
        (clustered(|spec| spec.intrinsic_dim = 33), "use 1 to 32"),
        (
            clustered(|spec| spec.intrinsic_dim = 0),
            "intrinsic_dim = 0",
        ),
        (clustered(|spec| spec.spread = f64::NAN), "spread = NaN"),
        (clustered(|spec| spec.clusters = u32::MAX), "lower clusters"),
    ];
    for ((kind, dim), expected) in cases {
        let error = Generator::new(Recipe { kind, dim, seed: 1 }, Part::Base).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
