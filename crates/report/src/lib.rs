//! Measured rows as what people read: a terminal table, Markdown, CSV, JSON, an HTML page, and
//! the fastest point that meets a recall.
//!
//! Every output is a string made from a [`Run`], which is read from its folder or just finished;
//! nothing is printed or written. What the outputs
//! share is made once: [`Summary`] gathers facts, alarms, verdicts, tables and notes, and the
//! outputs only lay it out. Start reading there, then at [`Table`].
//!
//! Invariants:
//!
//! - nothing the user named (datasets, labels, files) can act in an output: control characters
//!   stay out of terminals, formulas out of spreadsheets, markup out of Markdown and HTML;
//! - the HTML page asks nothing of any other place;
//! - numbers of one column share one unit and one number of decimals; CSV and JSON hold them
//!   unrounded, in the unit that the column's name ends in.
//!
//! ```
//! use annbench_report::{Run, Style, terminal};
//!
//! fn table(run: &Run) -> String {
//!     terminal(run, Style { color: false, width: 100 })
//! }
//! ```

mod advice;
mod answer;
mod builds;
mod charts;
mod columns;
mod confidence;
mod constraints;
mod csv;
mod details;
mod diff;
mod examination_json;
mod export;
mod facts;
mod html;
mod json;
mod latex;
mod lines;
mod markdown;
mod note_groups;
mod notes;
mod numbers;
mod part;
mod points;
mod read;
mod recommend;
mod repay;
mod run;
mod scaling;
mod sharpness;
mod snippet;
mod split;
mod summary;
mod table;
mod tail;
mod terminal;
mod tiers;
mod verdict;

pub use advice::{Advice, Cost, Elsewhere, Loosening, Together};
pub use charts::{Chart, PictureError};
pub use columns::{columns, columns_within};
pub use confidence::ConfidenceError;
pub use constraints::{Constraint, Constraints};
pub use csv::csv;
pub use details::Details;
pub use diff::{
    ChangedQuery, Diff, Difference, Gate, GateError, PointPair, Ratio, Regression, Told,
};
pub use examination_json::examination_json;
pub use export::{ExportError, Format};
pub use facts::Fact;
pub use html::html;
pub use json::json;
pub use latex::latex;
pub use markdown::markdown;
pub use notes::{Note, Notes};
pub use numbers::{Quantity, count};
pub use part::Part;
pub use recommend::{Recommendation, baseline, recommend};
pub use run::{Run, point_name};
pub use snippet::Snippets;
pub use summary::Summary;
pub use table::{Cell, Column, Mark, Row, Table, Value};
pub use terminal::{Style, examination, terminal};
pub use tiers::pareto_points;
pub use verdict::Verdict;

#[cfg(test)]
mod examined;
#[cfg(test)]
extern crate self as annbench_report;
#[cfg(test)]
#[path = "../tests/fixture/mod.rs"]
mod fixture;
