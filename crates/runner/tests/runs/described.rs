//! What a run keeps of its queries and its vectors as a whole, for whoever reads the results.

use std::fmt::Write;

use annbench_runner::Silent;
use annbench_store::results::tables::{read_map, read_points, read_query_facts};
use libtest_mimic::Trial;

use crate::{
    PLAIN,
    world::{Going, Notes, World},
};

pub(crate) fn trials() -> Vec<Trial> {
    trials![
        a_run_keeps_what_is_known_of_its_queries,
        queries_of_a_table_bring_its_columns_along,
        recall_of_fewer_answers_is_kept,
        rows_of_a_text_file_bring_their_columns_along,
        copies_of_queries_held_out_are_told_once_for_all_repetitions,
    ]
}

fn a_run_keeps_what_is_known_of_its_queries() {
    let world = World::new();
    let finished = world.run(PLAIN);
    let facts = read_query_facts(&finished.folder.join("query_facts.parquet")).unwrap();
    assert_eq!(facts.len(), 10);
    for (query_idx, facts) in facts.iter().enumerate() {
        assert_eq!(facts.query_idx, query_idx);
        assert!(facts.contrast > 1.0 && facts.contrast.is_finite());
        let row: usize = facts.row.id.as_ref().unwrap().parse().unwrap();
        assert!(row < 100, "held out, it is named by its row in the base");
    }
    let map = read_map(&finished.folder.join("map.json"))
        .unwrap()
        .unwrap();
    assert_eq!((map.base.len(), map.queries.len()), (90, 10));
    let [first, second] = map.variance_shares;
    assert!(first >= second && second > 0.0 && first + second <= 1.0);
}

fn queries_of_a_table_bring_its_columns_along() {
    let world = World::new();
    let mut lines = String::new();
    for row in 0..20 {
        let kind = ["long", "short"][row % 2];
        let vector = [row * 1_000, row, 3, row * row];
        writeln!(
            lines,
            "{{\"id\": \"q{row}\", \"vector\": {vector:?}, \"text\": \"words {row}\", \"kind\": \"{kind}\"}}"
        )
        .unwrap();
    }
    std::fs::write(world.path().join("queries.jsonl"), lines).unwrap();
    let text = format!(
        "name = \"test\"\nk = 5\n[dataset]\npath = \"base.parquet\"\nmetric = \"l2\"\n\
         queries = {{ file = \"queries.jsonl\", limit = 15 }}\n[measure]\nrounds = 2\n{PLAIN}"
    );
    std::fs::write(world.path().join("test.toml"), text).unwrap();
    let finished = world.go(Going::on(&mut Silent)).unwrap();
    let facts = read_query_facts(&finished.folder.join("query_facts.parquet")).unwrap();
    assert_eq!(facts.len(), 15);
    let last = &facts[14].row;
    assert_eq!(last.id.as_deref(), Some("q14"));
    assert_eq!(last.text.as_deref(), Some("words 14"));
    assert_eq!(last.groups["kind"], "long");
}

/// 100 rows of which the second half is the first again.
fn write_copies(world: &World) {
    let row = |row: usize| {
        let (vector, kind) = ([row * 1_000 % 50_000, row % 50], ["long", "short"][row % 2]);
        format!("{{\"id\": {row}, \"vector\": {vector:?}, \"kind\": \"{kind}\"}}\n")
    };
    let lines: String = (0..100).map(row).collect();
    std::fs::write(world.path().join("base.jsonl"), lines).unwrap();
    world.write(PLAIN);
    let path = world.path().join("test.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("base.parquet", "base.jsonl")).unwrap();
}

fn rows_of_a_text_file_bring_their_columns_along() {
    let world = World::new();
    write_copies(&world);
    let finished = world.go(Going::on(&mut Silent)).unwrap();
    let facts = read_query_facts(&finished.folder.join("query_facts.parquet")).unwrap();
    assert_eq!(facts.len(), 10);
    for facts in facts {
        let row: usize = facts.row.id.as_ref().unwrap().parse().unwrap();
        assert_eq!(facts.row.groups["kind"], ["long", "short"][row % 2]);
    }
}

fn copies_of_queries_held_out_are_told_once_for_all_repetitions() {
    let world = World::new();
    write_copies(&world);
    let notes = |is_repetition: bool| {
        let mut notes = Notes::default();
        let going = Going {
            fresh: true,
            is_repetition,
            ..Going::on(&mut notes)
        };
        world.go(going).unwrap();
        notes.0.retain(|note| note.starts_with("data: "));
        notes.0
    };
    let first = notes(false);
    let of_copies = first
        .iter()
        .find(|note| note.contains("queries that were held out"));
    let of_copies = of_copies.unwrap();
    assert!(
        of_copies.contains("remove copies from the base"),
        "{of_copies}"
    );
    assert!(!of_copies.contains("holdout"), "{of_copies}");
    assert_eq!(notes(true), [""; 0]);
}

fn recall_of_fewer_answers_is_kept() {
    let world = World::new();
    let finished = world.run("[[index]]\ntype = \"mock\"\nsearch.share = [0.5, 1.0]\n");
    let points = read_points(&finished.folder.join("points.parquet")).unwrap();
    let candidates = points.iter().filter(|row| finished.points.contains(row));
    let mut n = 0;
    for row in candidates {
        let depths: Vec<usize> = row.recall_at.iter().map(|at| at.k).collect();
        assert_eq!(depths, [1, 2], "below k = 5");
        let is_whole = row.requested["share"] == 1.0;
        assert_eq!(
            row.recall_at.iter().all(|at| at.recall.value == 1.0),
            is_whole
        );
        n += 1;
    }
    assert_eq!(n, 4);
    let null = points.iter().filter(|row| row.recall.is_none());
    assert!(null.clone().count() > 0);
    assert!(null.into_iter().all(|row| row.recall_at.is_empty()));
}
