//! `annbench backends`: the index types with their parameters.

use std::fmt::Write;

use annbench_index::{AnyBackend, ParamDoc};
use serde_json::{Value, json};

use crate::{args::OutputArgs, backends::registry, exit::Outcome, output};

pub(crate) fn backends(args: OutputArgs) -> anyhow::Result<Outcome> {
    let registry = registry();
    if args.json {
        output::json(&registry.iter().map(as_json).collect::<Vec<_>>())?;
    } else {
        let texts: Vec<String> = registry.iter().map(as_text).collect();
        output::text(&texts.join("\n"))?;
    }
    Ok(Outcome::Fine)
}

fn as_text(backend: &dyn AnyBackend) -> String {
    let library = backend.library();
    let mut text = format!(
        "{}  {}\n  library: {} {} {}\n",
        backend.name(),
        backend.summary(),
        library.name,
        library.version,
        library.compile_options,
    );
    for (kind, docs) in [
        ("build", backend.build_docs()),
        ("search", backend.search_docs()),
    ] {
        for doc in docs {
            write_doc(&mut text, kind, &doc);
        }
    }
    text
}

fn write_doc(text: &mut String, kind: &str, doc: &ParamDoc) {
    let default = match (&doc.default, doc.required) {
        (Some(default), _) => format!("default {default}"),
        (None, true) => "required".to_owned(),
        (None, false) => "left out: the library's own".to_owned(),
    };
    let range = doc
        .range
        .as_ref()
        .map_or(String::new(), |range| format!(", {range}"));
    let facts = format!("{}, {default}{range}", doc.kind);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {kind:<7}{:<18} {facts}", doc.key);
    let _ = writeln!(text, "  {:<7}{:<18} {}", "", "", doc.description);
}

fn as_json(backend: &dyn AnyBackend) -> Value {
    let (build, search) = backend.schemas();
    json!({
        "name": backend.name(),
        "summary": backend.summary(),
        "library": backend.library(),
        "build": build,
        "search": search,
    })
}
