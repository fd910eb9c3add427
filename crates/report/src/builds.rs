//! The table of indexes: what each cost to build and to hold.

use annbench_store::results::{self, BuildRow};

use crate::{Cell, Column, Quantity, Row, Run, Table};

/// One of the ways to tell an index's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Memory {
    Textbook,
    File,
    Resident,
    Peak,
}

impl Memory {
    pub(crate) const ALL: [Self; 4] = [Self::Textbook, Self::File, Self::Resident, Self::Peak];

    /// Those beside each point; the peak is told of the index alone.
    pub(crate) const BESIDE_POINTS: [Self; 3] = [Self::Textbook, Self::File, Self::Resident];

    /// Bytes.
    pub(crate) fn of(self, memory: &results::Memory) -> Option<f64> {
        let bytes = match self {
            Self::Textbook => memory.estimate_bytes,
            Self::File => memory.serialized_bytes,
            Self::Resident => memory.rss_bytes,
            Self::Peak => memory.peak_rss_bytes,
        };
        bytes.map(|bytes| bytes as f64)
    }
}

/// The column of a way to tell memory.
pub(crate) fn memory_column(kind: Memory) -> Column {
    let (key, title, expendable) = match kind {
        Memory::Textbook => ("estimate_bytes", "textbook", 7),
        Memory::File => ("serialized_bytes", "file", 8),
        Memory::Resident => ("rss_bytes", "resident", 5),
        Memory::Peak => ("peak_rss_bytes", "peak", 6),
    };
    let column = Column::numbers(key, title, Quantity::Bytes);
    column.over("memory").expendable(expendable)
}

/// A line an index that was built.
pub(crate) fn builds(run: &Run) -> Table {
    let seconds = |key, title| Column::numbers(key, title, Quantity::Seconds).over("build");
    let mut columns = vec![
        Column::words("index", "index"),
        seconds("train_s", "train"),
        seconds("add_s", "add"),
        seconds("build_s", "total"),
        Column::numbers("threads", "threads", Quantity::Count)
            .over("build")
            .expendable(2),
    ];
    columns.extend(Memory::ALL.map(memory_column));
    let built = run.whole_builds().filter(|build| build.status.is_ok());
    let table = Table {
        columns,
        rows: built.map(row).collect(),
    };
    table.without_empty_columns()
}

fn row(build: &BuildRow) -> Row {
    let mut cells = vec![
        Cell::text(&build.label),
        Cell::number(Some(build.train_s)),
        Cell::number(Some(build.add_s)),
        Cell::number(Some(build.build_s())),
        Cell::number(Some(build.threads as f64)),
    ];
    cells.extend(Memory::ALL.map(|kind| Cell::number(kind.of(&build.memory))));
    Row {
        group: build.build,
        cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn an_index_that_failed_has_no_line() {
        let run = fixture::run();
        let groups: Vec<usize> = builds(&run).rows.iter().map(|row| row.group).collect();
        assert_eq!(groups, [0, 1, 2, 4]);
    }

    #[test]
    fn a_way_to_tell_memory_that_no_index_has_is_left_out() {
        let mut run = fixture::run();
        for build in &mut run.builds {
            build.memory.peak_rss_bytes = None;
        }
        let columns = builds(&run).columns;
        assert!(columns.iter().all(|column| column.key != "peak_rss_bytes"));
        assert!(columns.iter().any(|column| column.key == "rss_bytes"));
    }
}
