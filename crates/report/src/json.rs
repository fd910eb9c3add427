//! A run for machines.

use annbench_store::results::{BuildRow, Load, PointRow, RunRecord, Tier};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::{
    ExportError, Row, Run, Table, Value, export::qualified, tiers::in_tier, verdict::verdicts,
};

/// A run's record, builds and points as pretty JSON, with the numbers of the points on each
/// load's Pareto front, of those tied with it and of those recommended.
///
/// The rows are as recorded: fields, units and rounding are those of the row types. The rows of
/// single queries are left out; they have a file of their own.
///
/// # Errors
/// [`ExportError::Json`] if the writer fails, which no run is known to cause.
pub fn json(run: &Run) -> Result<String, ExportError> {
    let numbers =
        |load, tier| -> Vec<usize> { in_tier(run, load, tier).iter().map(|p| p.point).collect() };
    let fronts = run.loads().into_iter().map(|load| Front {
        load,
        points: numbers(load, Tier::Front),
        tied: numbers(load, Tier::Tied),
    });
    let document = Document {
        record: &run.record,
        builds: &run.builds,
        points: run.candidates().collect(),
        pareto: fronts.collect(),
        fastest: verdicts(run).iter().map(Fastest::from).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)?)
}

/// A table as an array with an object a row; intervals are objects themselves, what is missing is null.
pub(crate) fn table(table: &Table) -> Result<String, ExportError> {
    let row = |row: &Row| -> Map<String, Json> {
        let cells = table.columns.iter().zip(&row.cells);
        let told = cells.filter(|(column, _)| column.key != "notes");
        told.map(|(column, cell)| (qualified(column), value(&cell.value)))
            .collect()
    };
    let rows: Vec<Map<String, Json>> = table.rows.iter().map(row).collect();
    Ok(serde_json::to_string_pretty(&rows)?)
}

fn value(value: &Value) -> Json {
    match value {
        Value::Missing | Value::Failed | Value::Notes(_) => Json::Null,
        Value::Text(text) => Json::from(text.as_str()),
        Value::Number(number) => Json::from(*number),
        Value::Interval(estimate) => json!(estimate),
    }
}

#[derive(Serialize)]
struct Document<'a> {
    record: &'a RunRecord,
    builds: &'a [BuildRow],
    points: Vec<&'a PointRow>,
    pareto: Vec<Front>,
    fastest: Vec<Fastest>,
}

#[derive(Serialize)]
struct Front {
    #[serde(flatten)]
    load: Load,
    points: Vec<usize>,
    tied: Vec<usize>,
}

#[derive(Serialize)]
struct Fastest {
    recall: f64,
    #[serde(flatten)]
    load: Load,
    point: Option<usize>,
    indistinguishable: Vec<usize>,
}

impl From<&crate::Verdict<'_>> for Fastest {
    fn from(verdict: &crate::Verdict<'_>) -> Self {
        let found = verdict.recommendation.as_ref();
        let rivals = found.into_iter().flat_map(|found| &found.rivals);
        Self {
            recall: verdict.recall,
            load: verdict.load,
            point: found.map(|found| found.best.point),
            indistinguishable: rivals.map(|point| point.point).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::fixture;

    #[test]
    fn rows_read_back_as_they_were() {
        let run = fixture::run();
        let document: Value = serde_json::from_str(&super::json(&run).unwrap()).unwrap();
        assert_eq!(document["record"], json!(run.record));
        assert_eq!(document["points"], json!(run.points));
        assert_eq!(document["builds"], json!(run.builds));
    }

    #[test]
    fn the_answers_are_given_by_point_number() {
        let document: Value = serde_json::from_str(&super::json(&fixture::run()).unwrap()).unwrap();
        let batch = json!({
            "mode": "batch", "threads": 2, "rate_qps": null,
            "points": [0, 1, 4, 5, 6], "tied": [2]
        });
        assert_eq!(document["pareto"][0]["points"], json!([0, 1, 4, 5, 6]));
        assert_eq!(document["pareto"][2], batch);
        let fastest = json!({
            "recall": 0.95, "mode": "single", "threads": 1, "rate_qps": null,
            "point": 5, "indistinguishable": []
        });
        assert_eq!(document["fastest"][1], fastest);
    }
}
