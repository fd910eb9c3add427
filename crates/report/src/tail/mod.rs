//! Recall query by query: what its mean hides.

mod tables;

use std::collections::{BTreeMap, HashMap};

use annbench_eval::{Bootstrap, LOST_BELOW, recall_interval, recall_tail, tenths};
use annbench_store::results::{Estimate, Load, PointRow, QueryFacts};

use crate::{
    Constraints, Run, Table,
    numbers::{percent, share},
    run::point_name,
};

/// The recall at which the points that are looked at closely are chosen, where they reach it.
const RECALL: f64 = 0.95;

/// Recalls of single queries under the first main load.
pub(crate) struct Recalls<'a> {
    run: &'a Run,
    load: Load,
    by_point: HashMap<usize, Vec<f64>>,
}

impl<'a> Recalls<'a> {
    /// `None` where the run tells of no query.
    pub(crate) fn of(run: &'a Run) -> Option<Self> {
        let load = run.main_loads().into_iter().next()?;
        let rows: HashMap<usize, &PointRow> =
            run.measured(load).map(|row| (row.point, row)).collect();
        let mut by_point: HashMap<usize, Vec<f64>> = HashMap::new();
        for query in run.queries.iter().filter(|query| query.load == load) {
            if let Some(row) = rows.get(&query.point) {
                // Over an empty base there is nothing to miss.
                let wanted = row.k.min(row.n).max(1) as f64;
                let recalls = by_point.entry(query.point).or_default();
                recalls.push(query.hits as f64 / wanted);
            }
        }
        (!by_point.is_empty()).then_some(Self {
            run,
            load,
            by_point,
        })
    }

    /// Those of one point, by the number of the query; none where it has none.
    pub(crate) fn of_point(&self, point: &PointRow) -> &[f64] {
        self.by_point.get(&point.point).map_or(&[], Vec::as_slice)
    }

    /// Of each index type the point to look at: the fastest that is sure of a recall of 0.95, or
    /// else the one of the highest recall. Exact indexes lose nothing and are left out.
    pub(crate) fn best(&self) -> Vec<&'a PointRow> {
        let mut types: Vec<(&str, Vec<&PointRow>)> = Vec::new();
        for row in self.run.measured(self.load) {
            let is_exact = self.run.build_of(row).is_some_and(|build| build.is_exact);
            if is_exact || self.of_point(row).is_empty() {
                continue;
            }
            match types
                .iter_mut()
                .find(|(backend, _)| *backend == row.backend)
            {
                Some((_, rows)) => rows.push(row),
                None => types.push((&row.backend, vec![row])),
            }
        }
        let best = types.into_iter().map(|(_, rows)| self.best_of(&rows));
        best.flatten().collect()
    }

    fn best_of(&self, rows: &[&'a PointRow]) -> Option<&'a PointRow> {
        let constraints = Constraints::recall(RECALL);
        let sure = rows.iter().copied();
        let sure = sure.filter(|row| constraints.are_met(self.run, row));
        highest(sure, |row| row.qps).or_else(|| highest(rows.iter().copied(), |row| row.recall))
    }

    /// What is known of the queries, if it is of these.
    pub(crate) fn facts(&self) -> Option<&'a [QueryFacts]> {
        let facts = &self.run.details.queries;
        let fit = |recalls: &Vec<f64>| recalls.len() == facts.len();
        (!facts.is_empty() && self.by_point.values().all(fit)).then_some(facts)
    }

    /// The mean over some of the queries, with its interval.
    pub(crate) fn mean(&self, point: &PointRow, queries: &[usize]) -> Option<Estimate> {
        let all = self.of_point(point);
        let recalls: Option<Vec<f64>> = queries.iter().map(|&at| all.get(at).copied()).collect();
        let interval = recall_interval(&recalls?, &Bootstrap::default())?;
        Some(Estimate {
            value: interval.value,
            low: interval.low,
            high: interval.high,
        })
    }

    /// The numbers of the queries in ten parts, the hardest first; none where contrasts are not
    /// known or the queries too few.
    pub(crate) fn tenths(&self) -> Option<Vec<Vec<usize>>> {
        let contrasts: Vec<f64> = self.facts()?.iter().map(|facts| facts.contrast).collect();
        tenths(&contrasts)
    }

    /// The numbers of the queries of each group, by column and value.
    fn groups(&self) -> BTreeMap<(&'a str, &'a str), Vec<usize>> {
        let mut groups: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
        for (query_idx, facts) in self.facts().unwrap_or_default().iter().enumerate() {
            for (column, value) in &facts.row.groups {
                let group = groups.entry((column, value)).or_default();
                group.push(query_idx);
            }
        }
        groups
    }

    /// The number of each of a point's worst queries, the worst first: of equal recall the harder.
    fn worst(&self, point: &PointRow, most: usize) -> Vec<usize> {
        let recalls = self.of_point(point);
        let contrast = |query_idx: usize| self.facts().map_or(0.0, |all| all[query_idx].contrast);
        let mut order: Vec<usize> = (0..recalls.len()).filter(|&at| recalls[at] < 1.0).collect();
        order.sort_by(|&a, &b| {
            let by_recall = recalls[a].total_cmp(&recalls[b]);
            by_recall.then(contrast(a).total_cmp(&contrast(b)))
        });
        order.truncate(most);
        order
    }

    /// What is worst of each point that is looked at, a sentence each.
    pub(crate) fn sentences(&self) -> Vec<String> {
        let best = self.best().into_iter();
        best.filter_map(|point| self.sentence(point)).collect()
    }

    fn sentence(&self, point: &PointRow) -> Option<String> {
        let tail = recall_tail(self.of_point(point))?;
        let name = point_name(point);
        let mut sentence = format!(
            "{name} finds all neighbours of {} of the queries, and has a recall under {LOST_BELOW} on {}",
            percent(tail.complete),
            percent(tail.lost),
        );
        if let Some([hardest, .., easiest]) = self.tenths().as_deref() {
            let of = |part: &[usize]| Some(share(self.mean(point, part)?.value));
            if let (Some(hardest), Some(easiest)) = (of(hardest), of(easiest)) {
                sentence.push_str(&format!(
                    "; on the hardest tenth its recall is {hardest}, on the easiest {easiest}"
                ));
            }
        }
        Some(sentence + ".")
    }

    /// The lower ends of all points.
    pub(crate) fn tails(&self) -> Table {
        tables::tails(self, &self.run.measured(self.load).collect::<Vec<_>>())
    }

    /// The worst queries of the points that are looked at.
    pub(crate) fn worst_queries(&self) -> Table {
        tables::worst(self)
    }

    /// Recall by the user's own columns; without rows where there are none.
    pub(crate) fn by_group(&self) -> Table {
        tables::by_group(self)
    }
}

/// The point of the highest figure.
fn highest<'a>(
    rows: impl Iterator<Item = &'a PointRow>,
    of: fn(&PointRow) -> Option<Estimate>,
) -> Option<&'a PointRow> {
    let height = |row: &PointRow| of(row).map_or(f64::NEG_INFINITY, |estimate| estimate.value);
    rows.max_by(|a, b| height(a).total_cmp(&height(b)))
}

/// What a reader finds a query by: the user's name of it, or its number.
pub(crate) fn query_name(query_idx: usize, facts: Option<&QueryFacts>) -> String {
    let id = facts.and_then(|facts| facts.row.id.as_deref());
    id.map_or_else(|| query_idx.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Value, fixture};

    #[test]
    fn of_each_type_the_fastest_point_that_is_sure_of_the_recall_is_looked_at() {
        let run = fixture::run();
        let recalls = Recalls::of(&run).unwrap();
        let best: Vec<String> = recalls.best().into_iter().map(point_name).collect();
        // No point of ivf_flat is sure of 0.95: its best is the one nearest to it.
        assert_eq!(
            best,
            ["ivf_flat nlist=256 nprobe=32", "hnsw m=32 ef_search=64"]
        );
    }

    #[test]
    fn a_run_without_rows_of_queries_has_nothing_to_tell() {
        let mut run = fixture::run();
        run.queries.clear();
        assert!(Recalls::of(&run).is_none());
    }

    #[test]
    fn the_worst_queries_are_told_by_the_names_the_user_has_for_them() {
        let run = fixture::run();
        let recalls = Recalls::of(&run).unwrap();
        let table = recalls.worst_queries();
        let recall_of = |row: &crate::Row| row.cells[3].sort_value().unwrap();
        assert!(table.rows.windows(2).all(|pair| {
            pair[0].group != pair[1].group || recall_of(&pair[0]) <= recall_of(&pair[1])
        }));
        let names: Vec<&Value> = table.rows.iter().map(|row| &row.cells[1].value).collect();
        assert!(names.contains(&&Value::Text("q-173".into())), "{names:?}");
    }

    #[test]
    fn the_hardest_tenth_is_worse_than_the_easiest() {
        let run = fixture::run();
        let recalls = Recalls::of(&run).unwrap();
        let parts = recalls.tenths().unwrap();
        let best = recalls.best()[0];
        let [hard, easy] = [&parts[0], &parts[9]].map(|part| recalls.mean(best, part).unwrap());
        assert!(hard.value < easy.value, "{hard:?} {easy:?}");
        assert!(recalls.sentences()[0].contains("on the hardest tenth its recall is 0."));
    }

    #[test]
    fn every_query_is_in_one_group_of_a_column() {
        let run = fixture::run();
        let recalls = Recalls::of(&run).unwrap();
        let counts: usize = recalls.groups().values().map(Vec::len).sum();
        assert_eq!(counts, run.details.queries.len());
        assert_eq!(recalls.by_group().rows.len(), 3);
        let mut older = run.clone();
        older.details.queries.clear();
        let recalls = Recalls::of(&older).unwrap();
        assert_eq!(recalls.by_group().rows, []);
        assert!(recalls.tenths().is_none() && !recalls.worst_queries().rows.is_empty());
    }
}
