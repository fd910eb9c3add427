//! The user's own names for rows.

use std::fmt;

/// What the user calls each row: its number, or a value of an id column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ids {
    /// No id column: row `i` is called `i`. Holds the number of rows.
    Rows(usize),
    /// Integer ids, one a row.
    Integers(Vec<i64>),
    /// Text ids, one a row.
    Strings(Vec<String>),
}

impl Ids {
    /// Number of rows named.
    pub fn len(&self) -> usize {
        match self {
            Self::Rows(n) => *n,
            Self::Integers(ids) => ids.len(),
            Self::Strings(ids) => ids.len(),
        }
    }

    /// Whether no row is named.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of row `row`, for display; `None` past the end.
    pub fn get(&self, row: usize) -> Option<Id<'_>> {
        match self {
            Self::Rows(n) => (row < *n).then_some(Id::Integer(row as i64)),
            Self::Integers(ids) => ids.get(row).copied().map(Id::Integer),
            Self::Strings(ids) => ids.get(row).map(|id| Id::String(id)),
        }
    }

    /// The names of the given rows, in that order. Row numbers become explicit integers,
    /// so that a selection still says which row of the original it names.
    ///
    /// # Panics
    /// If a row number is past the end.
    pub fn select(&self, rows: &[usize]) -> Self {
        match self {
            Self::Rows(n) => Self::Integers(
                rows.iter()
                    .inspect(|&&row| assert!(row < *n, "row {row} of {n}"))
                    .map(|&row| row as i64)
                    .collect(),
            ),
            Self::Integers(ids) => Self::Integers(rows.iter().map(|&row| ids[row]).collect()),
            Self::Strings(ids) => Self::Strings(rows.iter().map(|&row| ids[row].clone()).collect()),
        }
    }
}

/// One id, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Id<'a> {
    /// An integer id, or a row number.
    Integer(i64),
    /// A text id.
    String(&'a str),
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(id) => id.fmt(f),
            Self::String(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_keeps_the_original_names() {
        let cases = [
            (Ids::Rows(5), "4 1"),
            (Ids::Integers(vec![10, 11, 12, 13, 14]), "14 11"),
            (
                Ids::Strings(["a", "b", "c", "d", "e"].map(String::from).into()),
                "e b",
            ),
        ];
        for (ids, expected) in cases {
            let picked = ids.select(&[4, 1]);
            let names: Vec<_> = (0..picked.len())
                .filter_map(|row| picked.get(row))
                .map(|id| id.to_string())
                .collect();
            assert_eq!(names.join(" "), expected);
            assert_eq!(picked.get(2), None);
        }
    }
}
