//! Which column holds the vectors, which the ids.

use std::path::Path;

use arrow_schema::{DataType, Field, Schema};

use crate::{
    Dtype, LoadError, LoadOptions,
    inspect::{ColumnCard, Role},
    nearest::nearest,
};

/// Names an id column usually has, the likeliest first.
const ID_NAMES: [&str; 9] = [
    "id",
    "_id",
    "ids",
    "doc_id",
    "docid",
    "document_id",
    "row_id",
    "uuid",
    "key",
];

/// What each column of a schema is for, by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Roles {
    /// The vectors.
    pub(crate) vector: usize,
    /// The ids, if there are any.
    pub(crate) id: Option<usize>,
    /// All others.
    pub(crate) others: Vec<usize>,
}

impl Roles {
    /// Follows the options, or goes by types and names as [`LoadOptions`] says.
    pub(crate) fn find(
        path: &Path,
        schema: &Schema,
        options: &LoadOptions,
    ) -> Result<Self, LoadError> {
        let vector = match &options.vector_column {
            Some(name) => named_vector(path, schema, name)?,
            None => only_vector(path, schema)?,
        };
        let id = id_column(path, schema, options.id_column.as_deref())?;
        let others = (0..schema.fields().len())
            .filter(|&column| column != vector && Some(column) != id)
            .collect();
        Ok(Self { vector, id, others })
    }
}

/// The type of the components in a column of lists; `None` for any column that cannot hold vectors.
pub(crate) fn dtype_of(column: &DataType) -> Option<Dtype> {
    let element = match column {
        DataType::FixedSizeList(element, _)
        | DataType::List(element)
        | DataType::LargeList(element) => element,
        _ => return None,
    };
    match element.data_type() {
        DataType::Float16 => Some(Dtype::F16),
        DataType::Float32 => Some(Dtype::F32),
        DataType::Float64 => Some(Dtype::F64),
        DataType::UInt8 => Some(Dtype::U8),
        DataType::Int8 => Some(Dtype::I8),
        _ => None,
    }
}

fn only_vector(path: &Path, schema: &Schema) -> Result<usize, LoadError> {
    let fields = schema.fields().iter().map(AsRef::as_ref).enumerate();
    let mut found: Vec<(usize, &Field)> = fields
        .filter(|(_, field)| dtype_of(field.data_type()).is_some())
        .collect();
    // Lists of bytes beside lists of floats are codes or tokens far more often than vectors.
    let is_float = |field: &Field| dtype_of(field.data_type()).is_some_and(Dtype::is_float);
    if found.iter().any(|(_, field)| is_float(field)) {
        found.retain(|(_, field)| is_float(field));
    }
    match found[..] {
        [(column, _)] => Ok(column),
        [] => Err(LoadError::NoVectorColumn {
            path: path.into(),
            columns: described(schema),
        }),
        _ => Err(LoadError::SeveralVectorColumns {
            path: path.into(),
            columns: found
                .iter()
                .map(|(_, field)| field.name().clone())
                .collect(),
        }),
    }
}

fn named_vector(path: &Path, schema: &Schema, name: &str) -> Result<usize, LoadError> {
    let column = place(path, schema, name)?;
    match dtype_of(schema.field(column).data_type()) {
        Some(_) => Ok(column),
        None => Err(LoadError::ColumnType {
            path: path.into(),
            column: name.into(),
            key: "vector_column",
            found: schema.field(column).data_type().to_string(),
            expected: "lists of f16, f32, f64, u8 or i8",
        }),
    }
}

fn named_id(path: &Path, schema: &Schema, name: &str) -> Result<usize, LoadError> {
    let column = place(path, schema, name)?;
    match is_id(schema.field(column).data_type()) {
        true => Ok(column),
        false => Err(LoadError::ColumnType {
            path: path.into(),
            column: name.into(),
            key: "id_column",
            found: schema.field(column).data_type().to_string(),
            expected: "integers or strings",
        }),
    }
}

/// The column of ids: the one named, none for `""`, the first with a usual name if none is named.
pub(crate) fn id_column(
    path: &Path,
    schema: &Schema,
    named: Option<&str>,
) -> Result<Option<usize>, LoadError> {
    match named {
        Some("") => Ok(None),
        Some(name) => named_id(path, schema, name).map(Some),
        None => Ok(usual_id(schema)),
    }
}

fn usual_id(schema: &Schema) -> Option<usize> {
    ID_NAMES.iter().find_map(|name| {
        schema
            .fields()
            .iter()
            .position(|field| field.name().eq_ignore_ascii_case(name) && is_id(field.data_type()))
    })
}

fn is_id(column: &DataType) -> bool {
    match column {
        DataType::Dictionary(_, values) => is_id(values),
        other => is_text(other) || other.is_integer(),
    }
}

/// Whether a column holds strings.
pub(crate) fn is_text(column: &DataType) -> bool {
    matches!(
        column,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// The place of a named column.
pub(crate) fn place(path: &Path, schema: &Schema, name: &str) -> Result<usize, LoadError> {
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let found = names().position(|column| column == name);
    found.ok_or_else(|| LoadError::NoSuchColumn {
        path: path.into(),
        column: name.into(),
        nearest: nearest(name, names()),
        columns: described(schema),
    })
}

/// Each column with its type and its role, in the table's order.
pub(crate) fn column_cards(schema: &Schema, roles: &Roles) -> Vec<ColumnCard> {
    let role = |column| match column {
        column if column == roles.vector => Role::Vector,
        column if Some(column) == roles.id => Role::Id,
        _ => Role::Other,
    };
    let fields = schema.fields().iter().enumerate();
    let card = |(column, field): (usize, &arrow_schema::FieldRef)| ColumnCard {
        name: field.name().clone(),
        data_type: field.data_type().to_string(),
        role: role(column),
    };
    fields.map(card).collect()
}

/// Each column with its type, for a message.
fn described(schema: &Schema) -> Vec<String> {
    let describe =
        |field: &arrow_schema::FieldRef| format!("{} ({})", field.name(), field.data_type());
    schema.fields().iter().map(describe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn list(element: DataType) -> DataType {
        DataType::List(Arc::new(Field::new("element", element, true)))
    }

    fn check(fields: Vec<(&str, DataType)>, options: LoadOptions) -> Result<Roles, String> {
        let fields: Vec<Field> = fields
            .into_iter()
            .map(|(name, data_type)| Field::new(name, data_type, true))
            .collect();
        Roles::find(Path::new("x.parquet"), &Schema::new(fields), &options)
            .map_err(|error| error.to_string())
    }

    fn named(vector_column: Option<&str>, id_column: Option<&str>) -> LoadOptions {
        LoadOptions {
            vector_column: vector_column.map(String::from),
            id_column: id_column.map(String::from),
            ..LoadOptions::default()
        }
    }

    #[test]
    fn columns_are_found_by_type_and_usual_name() {
        let fields = vec![
            ("Doc_ID", DataType::Utf8),
            ("id", DataType::Float32),
            ("emb", list(DataType::Float16)),
            ("tokens", list(DataType::Int32)),
        ];
        let roles = check(fields.clone(), LoadOptions::default()).unwrap();
        let expected = Roles {
            vector: 2,
            id: Some(0),
            others: vec![1, 3],
        };
        assert_eq!(roles, expected, "a float `id` is no id");
        assert_eq!(check(fields, named(None, Some(""))).unwrap().id, None);
    }

    #[test]
    fn a_choice_that_cannot_be_made_is_handed_back() {
        let two = || {
            vec![
                ("title", list(DataType::Float32)),
                ("body", list(DataType::Float64)),
                ("id", DataType::Int64),
            ]
        };
        let cases = [
            (
                two(),
                named(None, None),
                "2 columns could hold the vectors: title, body; name one",
            ),
            (
                two(),
                named(Some("bdy"), None),
                "no column `bdy`; did you mean `body`?",
            ),
            (
                two(),
                named(Some("id"), None),
                "column `id` is Int64, vector_column takes lists",
            ),
            (
                two(),
                named(Some("body"), Some("title")),
                "id_column takes integers or strings",
            ),
            (
                vec![("id", DataType::Int64)],
                named(None, None),
                "no column of float lists; it has id (Int64)",
            ),
        ];
        for (fields, options, expected) in cases {
            let message = check(fields, options).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
        assert_eq!(check(two(), named(Some("body"), None)).unwrap().vector, 1);
    }
}
