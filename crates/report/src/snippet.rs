//! A point as text to paste: into an experiment, into Python, into Rust.

use annbench_store::results::{BuildRow, DatasetCard, PointRow};
use annbench_vectors::Metric;
use serde::Serialize;
use serde_json::{Map, Value};

/// A point as text to paste; what FAISS does not have has no factory string and no programs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snippets {
    /// An `[[index]]` of an experiment.
    pub toml: String,
    /// FAISS's name for the index.
    pub factory: Option<String>,
    /// A Python program of the package `faiss`.
    pub python: Option<String>,
    /// Rust with the crate `faiss`.
    pub rust: Option<String>,
}

impl Snippets {
    /// annbench's names of search parameters and those that FAISS's `ParameterSpace` knows.
    pub const FAISS_NAMES: [(&'static str, &'static str); 8] = [
        ("nprobe", "nprobe"),
        ("ef_search", "efSearch"),
        ("k_factor_rf", "k_factor_rf"),
        ("ht", "ht"),
        ("max_codes", "max_codes"),
        ("quantizer_nprobe", "quantizer_nprobe"),
        ("quantizer_ef_search", "quantizer_efSearch"),
        ("quantizer_k_factor_rf", "quantizer_k_factor_rf"),
    ];

    /// Of a point, its index, and the data both were measured on.
    pub fn new(build: &BuildRow, point: &PointRow, dataset: &DatasetCard) -> Self {
        let faiss = Faiss::new(build, point, dataset);
        Self {
            toml: toml(build, point),
            factory: faiss.as_ref().map(|faiss| faiss.factory.clone()),
            python: faiss.as_ref().map(Faiss::python),
            rust: faiss.as_ref().map(Faiss::rust),
        }
    }
}

fn toml(build: &BuildRow, point: &PointRow) -> String {
    // JSON's strings, numbers and booleans are TOML's as well.
    let line = |prefix: &str, (key, value): (&String, &Value)| format!("{prefix}{key} = {value}\n");
    let mut text = format!(
        "[[index]]\ntype = {}\n",
        Value::from(build.backend.as_str())
    );
    let given = |(_, value): &(&String, &Value)| !value.is_null();
    text.extend(
        in_force(build)
            .iter()
            .filter(given)
            .map(|pair| line("", pair)),
    );
    let search = point.requested.iter().filter(given);
    text.extend(search.map(|pair| line("search.", pair)));
    text
}

/// What was built: an adjusted parameter need not be adjusted again.
fn in_force(build: &BuildRow) -> &Map<String, Value> {
    match build.effective.is_empty() {
        true => &build.requested,
        false => &build.effective,
    }
}

/// What FAISS is to be told.
struct Faiss {
    factory: String,
    /// Set before the vectors are added.
    build: Vec<(&'static str, Value)>,
    /// Set before the search.
    search: Vec<(&'static str, Value)>,
    metric: Metric,
    dim: usize,
    k: usize,
}

impl Faiss {
    fn new(build: &BuildRow, point: &PointRow, dataset: &DatasetCard) -> Option<Self> {
        Some(Self {
            factory: factory(build)?,
            build: named(in_force(build), &[("ef_construction", "efConstruction")]),
            search: named(&point.requested, &Snippets::FAISS_NAMES),
            metric: dataset.metric,
            dim: dataset.dim,
            k: point.k,
        })
    }

    fn python(&self) -> String {
        let metric = match self.metric {
            Metric::L2 => "faiss.METRIC_L2",
            _ => "faiss.METRIC_INNER_PRODUCT",
        };
        let set = |(name, value): &(&str, Value)| {
            format!("parameters.set_index_parameter(index, \"{name}\", {value})")
        };
        let mut lines = vec!["import faiss".to_owned(), String::new()];
        let normalize = |what: &str| format!("faiss.normalize_L2({what})");
        let is_cosine = self.metric == Metric::Cosine;
        lines.push(format!(
            "# base: n x {}, queries: n x {0}, both float32",
            self.dim
        ));
        lines.extend(is_cosine.then(|| normalize("base")));
        lines.push(format!(
            "index = faiss.index_factory({}, \"{}\", {metric})",
            self.dim, self.factory
        ));
        lines.extend(
            self.needs_parameters()
                .then(|| "parameters = faiss.ParameterSpace()".into()),
        );
        lines.extend(self.build.iter().map(set));
        lines.extend(["index.train(base)".to_owned(), "index.add(base)".to_owned()]);
        lines.extend(self.search.iter().map(set));
        lines.extend(is_cosine.then(|| normalize("queries")));
        lines.push(format!("scores, ids = index.search(queries, {})", self.k));
        lines.join("\n") + "\n"
    }

    fn rust(&self) -> String {
        let metric = match self.metric {
            Metric::L2 => "MetricType::L2",
            _ => "MetricType::InnerProduct",
        };
        let set = |(name, value): &(&str, Value)| {
            format!("parameters.set_index_parameter(&index, \"{name}\", {value})?;")
        };
        let normalized = match self.metric {
            Metric::Cosine => ", every vector divided by its length",
            _ => "",
        };
        let used = match self.needs_parameters() {
            true => "Index, MetricType, index::autotune::ParameterSpace, index_factory",
            false => "Index, MetricType, index_factory",
        };
        let mut lines = vec![
            format!("use faiss::{{{used}}};"),
            String::new(),
            format!(
                "// base and queries: &[f32], n x {}, row-major{normalized}",
                self.dim
            ),
            format!(
                "let mut index = index_factory({}, \"{}\", {metric})?;",
                self.dim, self.factory
            ),
        ];
        let new = "let parameters = ParameterSpace::new()?;".to_owned();
        lines.extend(self.needs_parameters().then_some(new));
        lines.extend(self.build.iter().map(set));
        lines.extend([
            "index.train(base)?;".to_owned(),
            "index.add(base)?;".to_owned(),
        ]);
        lines.extend(self.search.iter().map(set));
        lines.push(format!("let found = index.search(queries, {})?;", self.k));
        lines.join("\n") + "\n"
    }

    fn needs_parameters(&self) -> bool {
        !(self.build.is_empty() && self.search.is_empty())
    }
}

fn factory(build: &BuildRow) -> Option<String> {
    let params = in_force(build);
    match build.backend.as_str() {
        "flat" => Some("Flat".into()),
        "ivf_flat" => Some(format!("IVF{},Flat", params.get("nlist")?)),
        "hnsw" => Some(format!("HNSW{},Flat", params.get("m")?)),
        "factory" => {
            let factory = params.get("factory")?.as_str()?;
            // It ends up between quotes in programs; FAISS's names are of these letters alone.
            let is_plain = |c: char| c.is_ascii_alphanumeric() || ",_()[]-+.:".contains(c);
            factory.chars().all(is_plain).then(|| factory.to_owned())
        }
        _ => None,
    }
}

fn named(
    params: &Map<String, Value>,
    names: &[(&str, &'static str)],
) -> Vec<(&'static str, Value)> {
    let named = names.iter().filter_map(|(own, faiss)| {
        let value = params.get(*own).filter(|value| value.is_number())?;
        Some((*faiss, value.clone()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixture::{self, SINGLE};

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// The point of the highest recall of a graph, as an index of another type.
    fn snippets(backend: &str, build_params: Value, search: Value, metric: Metric) -> Snippets {
        let run = fixture::run();
        let mut point = run.measured(SINGLE).find(|p| p.point == 6).unwrap().clone();
        let mut build = run.build_of(&point).unwrap().clone();
        build.backend = backend.to_owned();
        build.effective = map(build_params);
        point.requested = map(search);
        let dataset = DatasetCard {
            metric,
            ..run.record.dataset.clone()
        };
        Snippets::new(&build, &point, &dataset)
    }

    #[test]
    fn a_graph_is_told_to_faiss_in_its_own_words() {
        let build = json!({ "m": 32, "ef_construction": 128 });
        let found = snippets("hnsw", build, json!({ "ef_search": 16 }), Metric::Cosine);
        assert_eq!(
            found.toml,
            "[[index]]\ntype = \"hnsw\"\nm = 32\nef_construction = 128\nsearch.ef_search = 16\n"
        );
        assert_eq!(found.factory.as_deref(), Some("HNSW32,Flat"));
        assert_eq!(
            found.python.unwrap(),
            "import faiss\n\n# base: n x 384, queries: n x 384, both float32\n\
             faiss.normalize_L2(base)\n\
             index = faiss.index_factory(384, \"HNSW32,Flat\", faiss.METRIC_INNER_PRODUCT)\n\
             parameters = faiss.ParameterSpace()\n\
             parameters.set_index_parameter(index, \"efConstruction\", 128)\n\
             index.train(base)\nindex.add(base)\n\
             parameters.set_index_parameter(index, \"efSearch\", 16)\n\
             faiss.normalize_L2(queries)\nscores, ids = index.search(queries, 10)\n"
        );
        let rust = found.rust.unwrap();
        assert!(
            rust.contains("set_index_parameter(&index, \"efSearch\", 16)?;"),
            "{rust}"
        );
        assert!(rust.contains("MetricType::InnerProduct)?;"), "{rust}");
    }

    #[test]
    fn what_takes_no_parameters_is_given_none() {
        let found = snippets("flat", json!({}), json!({}), Metric::L2);
        let (python, rust) = (found.python.unwrap(), found.rust.unwrap());
        assert!(python.contains("\"Flat\", faiss.METRIC_L2)"), "{python}");
        assert!(
            !python.contains("normalize") && !python.contains("parameters"),
            "{python}"
        );
        assert!(!rust.contains("ParameterSpace"), "{rust}");
    }

    #[test]
    fn an_index_that_faiss_does_not_have_is_an_experiment_alone() {
        let found = snippets("exact", json!({}), json!({}), Metric::L2);
        assert_eq!(found.toml, "[[index]]\ntype = \"exact\"\n");
        assert_eq!(
            (found.factory, found.python, found.rust),
            (None, None, None)
        );
    }

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        let hostile = "Flat\")\nimport os #";
        let found = snippets(
            "factory",
            json!({ "factory": hostile }),
            json!({}),
            Metric::L2,
        );
        assert_eq!(found.python, None);
        assert!(
            found.toml.contains(r#"factory = "Flat\")\nimport os #""#),
            "{}",
            found.toml
        );
    }
}
