//! The JSON Schema of the experiment file, by which editors complete and check it.

use std::borrow::Cow;

use annbench_index::{AnyBackend, Registry};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::{Experiment, IndexSpec, unknown::schema_of};

/// What is known of an index without knowing the backends.
impl JsonSchema for IndexSpec {
    fn schema_name() -> Cow<'static, str> {
        "IndexSpec".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "required": ["type"] })
    }
}

/// The JSON Schema of the experiment file, with the parameters of every backend known here.
pub fn experiment_schema(registry: &Registry) -> Value {
    let mut schema = schema_of::<Experiment>();
    let kinds: Vec<Value> = registry.iter().map(index_schema).collect();
    schema["title"] = json!("annbench experiment");
    schema["properties"]["index"]["items"] = json!({ "oneOf": kinds });
    schema["properties"]["index"]["minItems"] = json!(1);
    schema
}

fn index_schema(backend: &dyn AnyBackend) -> Value {
    let (build, search) = backend.schemas();
    let mut properties = Map::new();
    properties.insert("type".into(), json!({ "const": backend.name() }));
    properties.insert(
        "label".into(),
        json!({ "type": "string", "description": "What tables call it." }),
    );
    properties.extend(axes(&build));
    properties.insert(
        "search".into(),
        json!({
            "type": "object",
            "description": "Search parameters, swept without building anew.",
            "properties": axes(&search),
            "additionalProperties": false,
        }),
    );
    let mut required = vec![json!("type")];
    required.extend(build["required"].as_array().into_iter().flatten().cloned());
    json!({
        "type": "object",
        "description": backend.summary(),
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Every parameter as itself or as a list of itself: an axis of the grid.
fn axes(schema: &Value) -> Map<String, Value> {
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(key, property)| {
            let mut value = property.clone();
            let description = value["description"].take();
            if let Value::Object(map) = &mut value {
                map.remove("description");
            }
            let list = json!({ "type": "array", "items": value, "minItems": 1 });
            let axis = json!({ "description": description, "anyOf": [value, list] });
            (key.clone(), axis)
        })
        .collect()
}
