//! The lines of the tables: which rows stand together.

use annbench_store::results::{BuildRow, Load, PointRow};

use crate::Run;

/// What one line tells of: an index and the rows of one operating point, at most one a mode.
pub(crate) struct Line<'a> {
    /// The index; none if its row is lost.
    pub(crate) build: Option<&'a BuildRow>,
    /// The point's rows; none if its index failed.
    pub(crate) rows: Vec<&'a PointRow>,
}

impl<'a> Line<'a> {
    fn alone(run: &'a Run, row: &'a PointRow) -> Self {
        Self {
            build: run.build_of(row),
            rows: vec![row],
        }
    }

    /// Number of the build.
    pub(crate) fn group(&self) -> usize {
        let of_build = self.build.map(|build| build.build);
        let of_row = self.rows.first().map(|row| row.build);
        of_build.or(of_row).unwrap_or(usize::MAX)
    }

    /// What the table calls the index.
    pub(crate) fn label(&self) -> &'a str {
        let of_build = self.build.map(|build| build.label.as_str());
        let of_row = self.rows.first().map(|row| row.label.as_str());
        of_build.or(of_row).unwrap_or_default()
    }

    /// Whether the index failed, or one of the rows did.
    pub(crate) fn has_failed(&self) -> bool {
        let of_build = self.build.iter().map(|build| &build.status);
        let mut all = of_build.chain(self.rows.iter().map(|row| &row.status));
        all.any(|status| !status.is_ok())
    }

    fn takes(&self, row: &PointRow) -> bool {
        let same_point = self.rows.iter().all(|other| other.point == row.point);
        same_point && self.rows.iter().all(|other| other.mode != row.mode)
    }
}

/// A line a point, its main loads side by side, index after index; an index that failed or has no
/// points has one line of its own.
pub(crate) fn by_point(run: &Run) -> Vec<Line<'_>> {
    let loads = tabulated_loads(run);
    let shown: Vec<&PointRow> = rows_of(run, &loads).collect();
    let mut lines = Vec::new();
    for build in run.whole_builds() {
        let of_build = |row: &&PointRow| row.build == build.build;
        let rows = || shown.iter().copied().filter(of_build);
        if build.status.is_ok() && rows().next().is_some() {
            lines.extend(paired(run, rows()));
        } else {
            lines.push(Line {
                build: Some(build),
                rows: Vec::new(),
            });
        }
    }
    let is_orphan = |row: &&PointRow| run.build_of(row).is_none();
    lines.extend(paired(run, shown.iter().copied().filter(is_orphan)));
    lines
}

/// A line a row of the loads that [`by_point`] has no room for, point after point; an index that
/// failed has none.
pub(crate) fn under_load(run: &Run) -> Vec<Line<'_>> {
    let mut loads = run.loads();
    let tabulated = run.main_loads();
    loads.retain(|load| !tabulated.contains(load));
    let mut rows: Vec<&PointRow> = rows_of(run, &loads).collect();
    rows.sort_by_key(|row| (row.build, row.point, row.load()));
    let lines = rows.into_iter().map(|row| Line::alone(run, row));
    let is_built = |line: &Line<'_>| line.build.is_none_or(|build| build.status.is_ok());
    lines.filter(is_built).collect()
}

/// The main loads; of a run without any, the first load, to show recall and cost at least.
fn tabulated_loads(run: &Run) -> Vec<Load> {
    let main = run.main_loads();
    match main.is_empty() {
        true => run.loads().into_iter().take(1).collect(),
        false => main,
    }
}

fn rows_of<'a>(run: &'a Run, loads: &[Load]) -> impl Iterator<Item = &'a PointRow> {
    let rows = run.candidates();
    rows.filter(|row| loads.contains(&row.load()))
}

/// A line a row as recorded, then one for each index that has none.
pub(crate) fn by_row(run: &Run) -> Vec<Line<'_>> {
    let rows = run.operating_points().map(|row| Line::alone(run, row));
    let has_rows = |build: &BuildRow| run.operating_points().any(|row| row.build == build.build);
    let bare = run.builds.iter().filter(|build| !has_rows(build));
    rows.chain(bare.map(|build| Line {
        build: Some(build),
        rows: Vec::new(),
    }))
    .collect()
}

fn paired<'a>(run: &'a Run, rows: impl Iterator<Item = &'a PointRow>) -> Vec<Line<'a>> {
    let mut lines: Vec<Line<'a>> = Vec::new();
    for row in rows {
        match lines.iter_mut().find(|line| line.takes(row)) {
            Some(line) => line.rows.push(row),
            None => lines.push(Line::alone(run, row)),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use annbench_store::results::{Mode, Status};

    use super::*;
    use crate::fixture;

    #[test]
    fn modes_of_a_point_share_a_line_and_a_failed_index_has_one() {
        let run = fixture::run();
        let shape: Vec<(usize, usize)> = by_point(&run)
            .iter()
            .map(|line| (line.group(), line.rows.len()))
            .collect();
        let expected = [
            (0, 2),
            (1, 2),
            (1, 2),
            (1, 2),
            (2, 2),
            (2, 2),
            (2, 2),
            (3, 0),
            (4, 2),
        ];
        assert_eq!(shape, expected);
    }

    #[test]
    fn no_row_is_lost_when_its_build_is() {
        let mut run = fixture::run();
        run.builds.clear();
        let rows: usize = by_point(&run).iter().map(|line| line.rows.len()).sum();
        assert_eq!(rows + under_load(&run).len(), run.points.len());
        assert_eq!(by_row(&run).len(), run.points.len());
    }

    #[test]
    fn other_loads_have_lines_of_their_own_in_the_order_of_loads() {
        let run = fixture::run();
        let lines = under_load(&run);
        let loads: Vec<String> = lines.iter().map(|l| l.rows[0].load().to_string()).collect();
        let expected = [
            "batch, 1 thread",
            "concurrent, 1 client",
            "concurrent, 2 clients",
            "open_loop, 500 qps, 2 threads",
        ];
        assert_eq!(loads, expected);
    }

    #[test]
    fn an_index_that_failed_has_no_line_under_load() {
        let mut run = fixture::run();
        run.builds[2].status = Status::Failed("out of memory".into());
        assert_eq!(under_load(&run).len(), 0);
    }

    #[test]
    fn a_run_without_main_loads_still_has_a_line_a_point() {
        let mut run = fixture::run();
        run.points.retain(|row| row.mode == Mode::OpenLoop);
        let with_rows = |line: &Line<'_>| !line.rows.is_empty();
        assert_eq!(by_point(&run).into_iter().filter(with_rows).count(), 1);
        assert_eq!(under_load(&run).len(), 1);
    }

    #[test]
    fn a_second_row_of_the_same_mode_has_a_line_of_its_own() {
        let mut run = fixture::run();
        let again = run.points[1].clone();
        run.points.insert(2, again);
        assert_eq!(by_point(&run)[0].rows.len(), 2);
        assert_eq!(by_point(&run)[1].rows.len(), 1);
    }

    #[test]
    fn a_row_never_stands_beside_another_point() {
        let mut run = fixture::run();
        run.points
            .retain(|row| (row.point, row.mode) != (1, Mode::Batch));
        for line in by_point(&run) {
            assert!(line.rows.iter().all(|row| row.point == line.rows[0].point));
        }
    }
}
