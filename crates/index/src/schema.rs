//! Parameters checked against the JSON Schema of the struct they are for.
//!
//! The schema is derived from the struct that the backend's author wrote, so that the check, the
//! help of `annbench backends` and the schema that editors use cannot drift apart.

use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde_json::Value;

use crate::{ParamError, Parameters, Params};

/// One parameter as users are shown it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamDoc {
    /// Its key.
    pub key: String,
    /// What it does, what raising it buys and costs.
    pub description: String,
    /// Its type in words.
    pub kind: String,
    /// Its range in words, where it has one.
    pub range: Option<String>,
    /// Its default; `None` where it must be given or where leaving it out means something.
    pub default: Option<Value>,
    /// Whether it must be given.
    pub required: bool,
}

pub(crate) fn schema_of<P: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<P>()
}

/// The documentation of every parameter of `P`, in the order of its fields.
pub(crate) fn docs(schema: &Schema) -> Vec<ParamDoc> {
    properties(schema)
        .map(|(key, property)| ParamDoc {
            key: key.clone(),
            description: text(property, "description").replace('\n', " "),
            kind: kind_in_words(property),
            range: range_in_words(property),
            default: property.get("default").filter(|v| !v.is_null()).cloned(),
            required: is_required(schema, key),
        })
        .collect()
}

/// Checks names, types and ranges, then reads the typed parameters.
pub(crate) fn parse<P: Parameters>(params: &Params) -> Result<P, ParamError> {
    let schema = schema_of::<P>();
    for (key, value) in params.iter() {
        check(&schema, key, value)?;
    }
    for (key, property) in properties(&schema) {
        if is_required(&schema, key) && params.get(key).is_none() {
            return Err(ParamError::Missing {
                key: key.clone(),
                expected: kind_in_words(property),
            });
        }
    }
    serde_json::from_value(params.to_value()).map_err(|error| ParamError::WrongType {
        key: params
            .iter()
            .map(|(key, _)| key)
            .collect::<Vec<_>>()
            .join(", "),
        expected: error.to_string(),
        found: params.to_value(),
    })
}

fn check(schema: &Schema, key: &str, value: &Value) -> Result<(), ParamError> {
    let known: Vec<String> = properties(schema).map(|(key, _)| key.clone()).collect();
    let Some((_, property)) = properties(schema).find(|(known, _)| *known == key) else {
        return Err(ParamError::Unknown {
            key: key.to_owned(),
            known,
        });
    };
    if !types(property).iter().any(|kind| has_type(value, kind)) {
        return Err(ParamError::WrongType {
            key: key.to_owned(),
            expected: kind_in_words(property),
            found: value.clone(),
        });
    }
    match (value.as_f64(), range_in_words(property)) {
        (Some(number), Some(range)) if !in_range(number, property) => Err(ParamError::OutOfRange {
            key: key.to_owned(),
            value: value.clone(),
            range,
        }),
        _ => Ok(()),
    }
}

/// The candidate most like `word`, if any is alike enough to be meant.
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

fn properties(schema: &Schema) -> impl Iterator<Item = (&String, &Value)> {
    schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

fn is_required(schema: &Schema, key: &str) -> bool {
    schema
        .get("required")
        .and_then(Value::as_array)
        .is_some_and(|keys| keys.iter().any(|required| required == key))
}

fn types(property: &Value) -> Vec<&str> {
    match property.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn has_type(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        _ => false,
    }
}

fn in_range(number: f64, property: &Value) -> bool {
    bound(property, "minimum").is_none_or(|minimum| number >= minimum)
        && bound(property, "maximum").is_none_or(|maximum| number <= maximum)
}

fn bound(property: &Value, name: &str) -> Option<f64> {
    property.get(name).and_then(Value::as_f64)
}

fn range_in_words(property: &Value) -> Option<String> {
    match (property.get("minimum"), property.get("maximum")) {
        (Some(minimum), Some(maximum)) => Some(format!("{minimum} to {maximum}")),
        (Some(minimum), None) => Some(format!("{minimum} or more")),
        (None, Some(maximum)) => Some(format!("at most {maximum}")),
        (None, None) => None,
    }
}

fn kind_in_words(property: &Value) -> String {
    let name = match types(property).iter().find(|kind| **kind != "null") {
        Some(&"integer") => "an integer",
        Some(&"number") => "a number",
        Some(&"boolean") => "true or false",
        Some(&"string") => "a string",
        _ => "a value",
    };
    name.to_owned()
}

fn text(property: &Value, name: &str) -> String {
    property
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        /// Lists to divide the base into.
        #[schemars(range(min = 1, max = 1000))]
        #[serde(default = "eight")]
        nlist: usize,
        /// Whether to shrink it.
        #[serde(default)]
        shrink: bool,
        /// A description.
        factory: String,
        /// Left out, it means the library's own.
        #[serde(default)]
        rate: Option<f64>,
    }

    fn eight() -> usize {
        8
    }

    fn check_error(params: Params, expected: &str) {
        assert_eq!(parse::<Sample>(&params).unwrap_err().to_string(), expected);
    }

    fn given() -> Params {
        Params::new().with("factory", "Flat")
    }

    #[test]
    fn what_is_left_out_takes_its_default() {
        let sample: Sample = parse(&given()).unwrap();
        assert_eq!((sample.nlist, sample.shrink, sample.rate), (8, false, None));
    }

    #[test]
    fn mistakes_name_the_key_and_the_remedy() {
        check_error(
            given().with("nlst", 3),
            "unknown key `nlst`; did you mean `nlist`? known keys: nlist, shrink, factory, rate",
        );
        check_error(
            given().with("nlist", 0),
            "nlist = 0 is out of range; use 1 to 1000",
        );
        check_error(
            given().with("nlist", "8"),
            "`nlist` must be an integer, not \"8\"",
        );
        check_error(
            given().with("nlist", 2.5),
            "`nlist` must be an integer, not 2.5",
        );
        check_error(Params::new(), "`factory` is missing; give a string");
    }

    #[test]
    fn docs_say_all_that_a_user_asks() {
        let docs = docs(&schema_of::<Sample>());
        assert_eq!(docs[0].description, "Lists to divide the base into.");
        assert_eq!(docs[0].default, Some(Value::from(8)));
        assert_eq!(docs[0].range.as_deref(), Some("1 to 1000"));
        assert!(docs[2].required && !docs[0].required);
        assert_eq!(docs[3].kind, "a number");
    }
}
