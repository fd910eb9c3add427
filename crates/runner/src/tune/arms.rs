//! From the grid that a plan spells out to what is raced: an index with one parameter left to find.

use std::collections::{BTreeMap, BTreeSet};

use annbench_eval::Reach;
use annbench_index::Params;
use serde_json::{Value, json};

use super::race::Arm;
use crate::plan::{PlannedBuild, PlannedPoint};

/// An arm with what the plan calls it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Candidate {
    pub(super) arm: Arm,
    /// Number of its build in the plan.
    pub(super) build: usize,
    /// Search parameters, at the first value of the one that is left.
    search: Params,
}

impl Candidate {
    /// The search parameters at a value of the one that is left.
    pub(super) fn at(&self, at: f64) -> Params {
        match &self.arm.key {
            Some(key) if self.arm.reach.is_whole => self.search.clone().with(key, at as u64),
            Some(key) => self.search.clone().with(key, json!(at)),
            None => self.search.clone(),
        }
    }
}

/// Points of one build that differ in one parameter of the search alone.
struct Group {
    build: usize,
    key: Option<String>,
    /// The first of them.
    search: Params,
    /// What they give for the key.
    values: Vec<f64>,
}

/// The arms of a grid: of each build, the points that differ in one parameter of the search alone,
/// the one with the most values. The ends of what is given are the ends of its reach.
pub(super) fn candidates(builds: &[PlannedBuild], points: &[PlannedPoint]) -> Vec<Candidate> {
    let numbers = 0..builds.len();
    let groups: Vec<Group> = numbers.flat_map(|build| groups(points, build)).collect();
    let names: Vec<Name> = groups.iter().map(|group| Name::of(builds, group)).collect();
    let candidate = |group: &Group| Candidate {
        arm: arm(builds, group, &names),
        build: group.build,
        search: group.search.clone(),
    };
    groups.iter().map(candidate).collect()
}

fn groups(points: &[PlannedPoint], build: usize) -> Vec<Group> {
    let of_build = points.iter().filter(|point| point.build == build);
    let points: Vec<&Params> = of_build.map(|point| &point.search).collect();
    let key = axis(&points);
    let mut groups: Vec<Group> = Vec::new();
    for search in points {
        let value = key.as_ref().and_then(|key| search.get(key)?.as_f64());
        let same = |group: &&mut Group| same_but(&group.search, search, key.as_deref());
        match groups.iter_mut().find(same) {
            Some(group) => group.values.extend(value),
            None => groups.push(Group {
                build,
                key: key.clone(),
                search: search.clone(),
                values: value.into_iter().collect(),
            }),
        }
    }
    groups
}

/// The numeric parameter with the most values, if one has more than one; it must be positive.
fn axis(points: &[&Params]) -> Option<String> {
    let keys = points.first()?.iter().map(|(key, _)| key.to_owned());
    let counted = keys.filter_map(|key| {
        let values = points.iter().map(|search| search.get(&key)?.as_f64());
        let mut values = values.collect::<Option<Vec<f64>>>()?;
        values.sort_by(f64::total_cmp);
        values.dedup();
        (values.len() > 1 && values[0] > 0.0).then_some((key, values.len()))
    });
    // Of equals the first: a later one must be larger to win.
    let most = counted.reduce(|best, next| if next.1 > best.1 { next } else { best });
    most.map(|(key, _)| key)
}

fn same_but(a: &Params, b: &Params, key: Option<&str>) -> bool {
    let rest = |params: &Params| -> Vec<(String, Value)> {
        let rest = params.iter().filter(|(name, _)| Some(*name) != key);
        rest.map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    };
    rest(a) == rest(b)
}

fn arm(builds: &[PlannedBuild], group: &Group, names: &[Name]) -> Arm {
    let name = Name::of(builds, group);
    let kinds: BTreeSet<&str> = names.iter().map(|name| name.kind.as_str()).collect();
    let of_kind = names.iter().filter(|other| other.kind == name.kind);
    Arm {
        kind: kinds
            .iter()
            .position(|kind| *kind == name.kind)
            .unwrap_or(0),
        place: ranks(&name.numbers, of_kind.map(|name| &name.numbers)),
        key: group.key.clone(),
        reach: reach(group),
        is_exact: builds[group.build].is_exact,
    }
}

/// What arms of one kind share, and the numbers in which they differ.
struct Name {
    kind: String,
    numbers: BTreeMap<String, f64>,
}

impl Name {
    fn of(builds: &[PlannedBuild], group: &Group) -> Self {
        let planned = &builds[group.build];
        let mut name = Self {
            kind: planned.backend.clone(),
            numbers: BTreeMap::new(),
        };
        let search = group.search.iter();
        let fixed = search.filter(|(key, _)| Some(*key) != group.key.as_deref());
        for (key, value) in planned.effective.iter().chain(fixed) {
            match value.as_f64() {
                Some(number) => _ = name.numbers.insert(key.to_owned(), number),
                None => name.kind += &format!(" {key}={value}"),
            }
        }
        // Arms of different parameters have no place beside each other.
        name.kind += &format!(" {:?}", name.numbers.keys());
        name
    }
}

/// The rank of each number among those of its kind.
fn ranks<'n>(
    numbers: &BTreeMap<String, f64>,
    of_kind: impl Iterator<Item = &'n BTreeMap<String, f64>> + Clone,
) -> Vec<usize> {
    let rank = |(key, number): (&String, &f64)| {
        let mut smaller: Vec<f64> = of_kind
            .clone()
            .filter_map(|other| other.get(key).copied())
            .collect();
        smaller.retain(|other| other < number);
        smaller.sort_by(f64::total_cmp);
        smaller.dedup();
        smaller.len()
    };
    numbers.iter().map(rank).collect()
}

fn reach(group: &Group) -> Reach {
    let values = || group.values.iter().copied();
    let is_whole = values().all(|value| value.fract() == 0.0);
    match group.values.is_empty() {
        true => Reach {
            low: 1.0,
            high: 1.0,
            is_whole,
        },
        false => Reach {
            low: values().fold(f64::INFINITY, f64::min),
            high: values().fold(0.0, f64::max),
            is_whole: is_whole && takes_whole(group),
        },
    }
}

/// Whether the parameter is written as a whole number: a share from 0.5 to 1 is none.
fn takes_whole(group: &Group) -> bool {
    let value = group.key.as_ref().and_then(|key| group.search.get(key));
    value.is_some_and(|value| value.is_u64())
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Role;
    use serde_json::{Value, json};

    use super::*;

    fn params(value: &Value) -> Params {
        value.as_object().unwrap().clone().into()
    }

    fn planned(backend: &str, build: &Value) -> PlannedBuild {
        PlannedBuild {
            label: String::new(),
            backend: backend.to_owned(),
            requested: params(build),
            effective: params(build),
            adjustments: Vec::new(),
            n: 0,
            is_exact: false,
            is_repeatable: true,
            repetition: 0,
            seed: 0,
            threads: 1,
            is_control: false,
        }
    }

    /// The arms of these builds, each a backend, its parameters and the points searched on it.
    fn arms(grid: &[(&str, Value, &[Value])]) -> Vec<Candidate> {
        let builds = grid
            .iter()
            .map(|(backend, build, _)| planned(backend, build));
        let builds: Vec<PlannedBuild> = builds.collect();
        let points = grid
            .iter()
            .enumerate()
            .flat_map(|(build, (_, _, searches))| {
                searches.iter().map(move |search| PlannedPoint {
                    build,
                    search: params(search),
                    role: Role::Candidate,
                    twin: None,
                })
            });
        candidates(&builds, &points.collect::<Vec<_>>())
    }

    #[test]
    fn a_list_of_search_parameters_is_a_range_and_builds_are_its_neighbours() {
        let searches = [1, 4, 16].map(|nprobe| json!({ "nprobe": nprobe }));
        let builds = [64, 256].map(|nlist| ("ivf", json!({ "nlist": nlist }), &searches[..]));
        let found = arms(&builds);
        assert_eq!(found.len(), 2);
        let places: Vec<_> = found.iter().map(|found| found.arm.place.clone()).collect();
        assert_eq!(places, [[0], [1]]);
        assert_eq!(found[0].arm.kind, found[1].arm.kind);
        let reach = found[0].arm.reach;
        assert_eq!((reach.low, reach.high, reach.is_whole), (1.0, 16.0, true));
        assert_eq!(found[1].at(7.0), params(&json!({ "nprobe": 7 })));
    }

    #[test]
    fn of_two_lists_the_longer_is_searched_and_the_other_tried_value_by_value() {
        let pair = |nprobe, kf| json!({ "nprobe": nprobe, "kf": kf });
        let searches = [
            pair(8, 4),
            pair(8, 16),
            pair(16, 4),
            pair(16, 16),
            pair(32, 4),
            pair(32, 16),
        ];
        let found = arms(&[("factory", json!({ "factory": "x" }), &searches)]);
        let told: Vec<(Option<&str>, Vec<usize>)> = found
            .iter()
            .map(|found| (found.arm.key.as_deref(), found.arm.place.clone()))
            .collect();
        assert_eq!(told, [(Some("nprobe"), vec![0]), (Some("nprobe"), vec![1])]);
    }

    #[test]
    fn other_words_make_another_kind_and_no_list_leaves_no_choice() {
        let one = [json!({})];
        let found = arms(&[
            ("factory", json!({ "factory": "SQ8" }), &one),
            ("factory", json!({ "factory": "PQ8" }), &one),
        ]);
        assert_ne!(found[0].arm.kind, found[1].arm.kind);
        assert_eq!(found[0].arm.key, None);
        assert_eq!(found[0].arm.reach.low, found[0].arm.reach.high);
    }

    #[test]
    fn shares_are_not_rounded() {
        let searches = [0.25, 1.0].map(|share| json!({ "share": share }));
        let found = arms(&[("mock", json!({}), &searches)]);
        assert!(!found[0].arm.reach.is_whole);
        assert_eq!(found[0].at(0.5), params(&json!({ "share": 0.5 })));
    }
}
