//! Keys that nobody knows, refused with the nearest known one.
//!
//! Parameters of indexes are the backends' own and are checked when the plan is made.

use annbench_index::suggestion;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;
use toml::Table;

use super::{
    Experiment, Mistake,
    places::{Places, join},
};

pub(super) fn refuse_unknown_keys(places: &Places) -> Result<(), Mistake> {
    let table: Table = toml::from_str(places.text()).map_err(|error| places.mistake_of(&error))?;
    walk(places, "", &table, &schema_of::<Experiment>())
}

pub(super) fn schema_of<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12()
        .with(|settings| settings.inline_subschemas = true)
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}

fn walk(places: &Places, path: &str, table: &Table, schema: &Value) -> Result<(), Mistake> {
    let Some(known) = schema.get("properties").and_then(Value::as_object) else {
        return Ok(());
    };
    for (key, value) in table {
        let path = join(path, key);
        let Some(schema) = known.get(key) else {
            let known: Vec<String> = known.keys().cloned().collect();
            let message = format!("unknown key `{key}`{}", suggestion(key, "keys", &known));
            return Err(places.mistake(&path, message));
        };
        if let Some(table) = value.as_table() {
            walk(places, &path, table, schema)?;
        }
    }
    Ok(())
}
