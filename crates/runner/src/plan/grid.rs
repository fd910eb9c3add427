//! Lists as axes: every combination of the values given.

use annbench_index::Params;
use serde_json::Value;

use crate::experiment::Axes;

/// An axis that is no axis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub(super) struct BadAxis {
    pub(super) key: String,
    problem: &'static str,
}

/// Every combination, the first key varying slowest; a value that is no list is an axis of one.
pub(super) fn expand(axes: &Axes) -> Result<Vec<Params>, BadAxis> {
    let mut combinations = vec![Params::new()];
    for (key, value) in axes {
        let values = values(key, value)?;
        combinations = combinations
            .iter()
            .flat_map(|start| {
                values
                    .iter()
                    .map(|&value| start.clone().with(key, value.clone()))
            })
            .collect();
    }
    Ok(combinations)
}

fn values<'a>(key: &str, value: &'a Value) -> Result<Vec<&'a Value>, BadAxis> {
    let bad = |problem| BadAxis {
        key: key.to_owned(),
        problem,
    };
    match value {
        Value::Array(values) if values.is_empty() => {
            Err(bad("the list is empty; give it at least one value"))
        }
        Value::Array(values) if values.iter().any(Value::is_array) => {
            Err(bad("a list within a list; write one list of values"))
        }
        Value::Array(values) => Ok(values.iter().collect()),
        single => Ok(vec![single]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn axes(value: Value) -> Axes {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn lists_make_a_grid_and_single_values_are_shared() {
        let grid = expand(&axes(json!({"m": [16, 32], "ef": 128, "x": ["a", "b"]}))).unwrap();
        let lines: Vec<String> = grid.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "m=16 ef=128 x=a",
                "m=16 ef=128 x=b",
                "m=32 ef=128 x=a",
                "m=32 ef=128 x=b"
            ]
        );
    }

    #[test]
    fn no_axes_make_one_point() {
        assert_eq!(expand(&Axes::new()).unwrap(), [Params::new()]);
    }

    #[test]
    fn empty_and_nested_lists_are_refused() {
        for bad in [json!({"m": []}), json!({"m": [[1], 2]})] {
            assert_eq!(expand(&axes(bad)).unwrap_err().key, "m");
        }
    }
}
