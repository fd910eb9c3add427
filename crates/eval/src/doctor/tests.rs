//! The doctor as a whole, on vectors made to have each fault.

use super::*;
use annbench_vectors::Matrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Every so manyth row: as random as these vectors are.
fn every(n: usize, count: usize) -> Vec<usize> {
    (0..n).step_by(n.div_ceil(count.max(1)).max(1)).collect()
}

const OPTIONS: ExamineOptions<'static> = ExamineOptions {
    sample: 200,
    threads: 2,
    choose: &every,
};

fn uniform(n: usize, dim: usize, seed: u64) -> Matrix {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values = (0..n * dim).map(|_| rng.random::<f32>() - 0.5).collect();
    Matrix::from_vec(values, dim).unwrap()
}

fn subject(base: &Matrix) -> Subject<'_> {
    Subject {
        base: base.view(),
        ids: None,
        queries: None,
        held_out: false,
        metric: Metric::L2,
    }
}

fn kinds(findings: &[Finding]) -> Vec<String> {
    let kind = |finding: &Finding| {
        format!("{finding:?}")
            .split([' ', '('])
            .next()
            .unwrap()
            .to_owned()
    };
    findings.iter().map(kind).collect()
}

fn examined(subject: &Subject<'_>) -> Examination {
    examine(subject, &OPTIONS, &mut |_| {}).unwrap()
}

#[test]
fn sound_vectors_give_notes_alone() {
    let (base, queries) = (uniform(3000, 8, 1), uniform(300, 8, 2));
    let subject = Subject {
        queries: Some(queries.view()),
        ..subject(&base)
    };
    let found = examined(&subject);
    assert_eq!(
        kinds(&found.findings),
        ["Norms", "Difficulty", "Hubs", "Rounded"]
    );
    assert!(found.allows_run());
    let study = found.study.unwrap();
    let dimension = study.queries.unwrap().intrinsic_dimension.unwrap().mean;
    // Uniform in 8 dimensions; the edge of the cube takes something off.
    assert!((5.5..8.5).contains(&dimension), "{dimension}");
    assert!((0.4..0.6).contains(&study.shift.unwrap().farther));
    assert_eq!(kinds(&glance(&subject, 2).unwrap()), Vec::<String>::new());
}

#[test]
fn every_planted_fault_is_found() {
    let mut base = uniform(500, 4, 3);
    for (row, values) in base.rows_mut().enumerate() {
        values[3] = 0.25;
        match row {
            7 => values[0] = f32::NAN,
            9 => values[1] = f32::NEG_INFINITY,
            11 => values.fill(0.0),
            _ if row >= 490 => values.copy_from_slice(&[0.1, 0.2, 0.3, 0.25]),
            _ => {}
        }
    }
    let mut queries = uniform(100, 4, 4);
    for values in queries.rows_mut() {
        values.iter_mut().for_each(|value| *value += 2.0);
    }
    queries.as_mut_slice()[..4].copy_from_slice(&[0.1, 0.2, 0.3, 0.25]);
    queries.as_mut_slice()[4..8].copy_from_slice(&[0.1, 0.2, 0.3, 0.25]);
    let ids = Ids::Integers((0..500).map(|row| row.min(498)).collect());
    let subject = Subject {
        ids: Some(&ids),
        queries: Some(queries.view()),
        metric: Metric::Cosine,
        ..subject(&base)
    };
    let found = examined(&subject);
    assert!(!found.allows_run());
    let expected = [
        "NotFinite",
        "Zeros",
        "RepeatedIds",
        "RepeatedQueries",
        "Leak",
        "Duplicates",
        "Shifted",
    ];
    assert_eq!(kinds(&found.findings)[..expected.len()], expected);
    assert_eq!(found.base.not_finite.first, [7, 9]);
    assert_eq!(
        (found.duplicates.count, found.duplicates.example),
        (9, Some((490, 491)))
    );
    // Row 11 of zeros varies the fourth dimension; without it, it is constant.
    base.as_mut_slice()[11 * 4 + 3] = 0.25;
    let found = examined(&super::tests::subject(&base));
    assert!(kinds(&found.findings).contains(&"Constant".to_owned()));
}

#[test]
fn too_few_vectors_are_told_and_nothing_panics() {
    for values in [
        vec![],
        vec![1.0, 2.0],
        vec![f32::NAN; 8],
        vec![0.0, 0.0, 1.0, 0.0],
    ] {
        let base = Matrix::from_vec(values, 2).unwrap();
        let found = examined(&Subject {
            metric: Metric::Cosine,
            ..subject(&base)
        });
        assert!(
            kinds(&found.findings).contains(&"TooFew".to_owned()),
            "{found:?}"
        );
    }
}

#[test]
fn equal_vectors_are_no_trouble() {
    for metric in Metric::ALL {
        let base = Matrix::from_vec([0.5f32, -2.0].repeat(300), 2).unwrap();
        let queries = base.select(&[0, 1]);
        let found = examined(&Subject {
            metric,
            queries: Some(queries.view()),
            ..subject(&base)
        });
        let kinds = kinds(&found.findings);
        for expected in ["Duplicates", "Leak", "Constant"] {
            assert!(kinds.contains(&expected.to_owned()), "{metric}: {kinds:?}");
        }
    }
}

#[test]
fn lengths_beyond_f32_squares_are_fatal() {
    for factor in [1e20, 1e-22] {
        let mut base = uniform(100, 3, 5);
        base.as_mut_slice()
            .iter_mut()
            .for_each(|value| *value *= factor);
        let found = examined(&subject(&base));
        assert_eq!(kinds(&found.findings)[0], "Magnitude");
    }
}

#[test]
fn nothing_depends_on_threads() {
    let base = uniform(2000, 5, 6);
    let queries = uniform(50, 5, 7);
    for metric in Metric::ALL {
        let subject = Subject {
            metric,
            queries: Some(queries.view()),
            ..subject(&base)
        };
        let on = |threads| {
            examine(
                &subject,
                &ExamineOptions { threads, ..OPTIONS },
                &mut |_| {},
            )
        };
        assert_eq!(on(1).unwrap(), on(3).unwrap());
    }
}

#[test]
fn queries_of_another_dim_and_no_threads_are_refused() {
    let (base, queries) = (uniform(10, 3, 1), uniform(10, 2, 1));
    let subject = Subject {
        queries: Some(queries.view()),
        ..subject(&base)
    };
    assert!(matches!(
        glance(&subject, 1),
        Err(ExactError::DimMismatch { .. })
    ));
    assert_eq!(
        glance(&super::tests::subject(&base), 0),
        Err(ExactError::ZeroThreads)
    );
}

#[test]
fn near_copies_are_told_apart_from_equal_ones() {
    let mut base = uniform(400, 6, 8);
    let first = base.row(0).to_vec();
    let copy = base.rows_mut().nth(200).unwrap();
    copy.copy_from_slice(&first);
    copy[0] += 1e-6;
    let mut queries = base.select(&[0, 5]);
    queries.as_mut_slice()[6] += 1e-6;
    let found = examined(&Subject {
        queries: Some(queries.view()),
        ..subject(&base)
    });
    let study = found.study.unwrap();
    assert_eq!(
        (study.base.nearly_equal, study.base.example),
        (2, Some((0, 200)))
    );
    let queries = study.queries.unwrap();
    assert_eq!((queries.nearly_equal, queries.example), (1, Some((1, 5))));
    assert!(kinds(&found.findings).contains(&"NearLeak".to_owned()));
}
