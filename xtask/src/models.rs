//! Whether what is asked of annbench takes models, which it is built without unless it must.

use std::fs;

/// Commands that are nothing without a model.
const COMMANDS: [&str; 2] = ["embed", "ask"];

/// Keys of an experiment on texts.
const KEYS: [&str; 2] = ["corpus", "texts"];

/// Whether these arguments of annbench ask for models: by the command, or by an experiment on texts.
pub(crate) fn are_wanted(args: &[String]) -> bool {
    let command = args
        .first()
        .is_some_and(|first| COMMANDS.contains(&first.as_str()));
    // An experiment that cannot be read is refused by annbench itself.
    let experiment = |arg: &String| {
        arg.ends_with(".toml") && fs::read_to_string(arg).is_ok_and(|text| has_texts(&text))
    };
    command || args.iter().any(|arg| sets_texts(arg) || experiment(arg))
}

/// `--set dataset.corpus=a.txt`, in one word or two.
fn sets_texts(arg: &str) -> bool {
    let setting = arg.strip_prefix("--set=").unwrap_or(arg);
    setting
        .strip_prefix("dataset.")
        .and_then(|setting| setting.split_once('='))
        .is_some_and(|(key, value)| !value.is_empty() && is_key(key))
}

fn is_key(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    KEYS.contains(&last.trim())
}

/// Whether an experiment names texts. Comments aside, any such key will do: to build with models for
/// nothing costs minutes, to build without them costs the run.
fn has_texts(experiment: &str) -> bool {
    let lines = experiment
        .lines()
        .map(|line| line.split('#').next().unwrap_or_default());
    let keys = lines.flat_map(|line| line.split(['{', ',']));
    let mut keys = keys
        .filter_map(|part| part.split_once('='))
        .map(|(key, _)| key);
    keys.any(is_key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_on_texts_is_known_by_its_keys() {
        for (text, expected) in [
            ("[dataset]\ncorpus = \"a.txt\"", true),
            ("dataset.corpus = \"a.txt\"", true),
            ("queries = { limit = 3, texts = [\"a\"] }", true),
            ("queries.texts = [\"a\"]", true),
            ("# corpus = \"a.txt\"\npath = \"corpus\"", false),
            ("path = \"base.parquet\"", false),
        ] {
            assert_eq!(has_texts(text), expected, "{text}");
        }
    }

    #[test]
    fn commands_and_settings_ask_for_models_too() {
        for (line, expected) in [
            ("embed a.txt -o a.parquet", true),
            ("ask runs/x/latest why", true),
            ("run no.toml --set dataset.corpus=a.txt", true),
            ("run no.toml --set=dataset.queries.texts=a.txt", true),
            ("run no.toml --set dataset.corpus=", false),
            ("run no.toml --set k=3", false),
            ("", false),
        ] {
            let args: Vec<String> = line.split_whitespace().map(String::from).collect();
            assert_eq!(are_wanted(&args), expected, "{line}");
        }
    }
}
