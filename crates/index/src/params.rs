//! Parameters without their type: as they stand in an experiment, a row or a message to a worker.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Parameters by name, in the order they were given or declared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(Map<String, Value>);

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Sets `key`, replacing what it was.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(key.into(), value.into());
    }

    /// The same parameters with `key` set.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// Keys and values in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same as a JSON object, for a row of results.
    pub fn to_map(&self) -> Map<String, Value> {
        self.0.clone()
    }

    pub(crate) fn from_typed(typed: &impl Serialize) -> Self {
        match serde_json::to_value(typed) {
            Ok(Value::Object(map)) => Self(map.into_iter().filter(|(_, v)| !v.is_null()).collect()),
            _ => Self::default(),
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl From<Map<String, Value>> for Params {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl FromIterator<(String, Value)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// `nlist=256 seed=7`, in order; strings without quotes.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (key, value)) in self.iter().enumerate() {
            let space = if position == 0 { "" } else { " " };
            match value {
                Value::String(text) => write!(f, "{space}{key}={text}")?,
                other => write!(f, "{space}{key}={other}")?,
            }
        }
        Ok(())
    }
}
