//! Reading an experiment, and saying what is wrong with it.

use std::{
    error::Error,
    fmt,
    ops::Range,
    path::{Path, PathBuf},
};

use toml_edit::{DocumentMut, Item, Value};

use super::{Experiment, places::Places, texts, unknown};

/// An experiment together with the text it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// What it says.
    pub experiment: Experiment,
    /// Where it says so.
    pub places: Places,
    /// The folder that paths in it are relative to.
    pub folder: PathBuf,
}

impl Experiment {
    /// Reads an experiment file, with settings such as `index.0.nlist=64` applied over it.
    ///
    /// # Errors
    /// [`Mistake`] points at file, line and column, and names the remedy.
    pub fn load(path: &Path, settings: &[String]) -> Result<Written, Mistake> {
        let text = std::fs::read_to_string(path).map_err(|source| Mistake::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        Self::parse(Some(path.to_owned()), text, settings, folder)
    }

    /// The experiment as if it had been read from a file: what `annbench quick` runs.
    ///
    /// # Errors
    /// [`Mistake`] if the experiment cannot be written as TOML or read back.
    pub fn written(&self, folder: PathBuf) -> Result<Written, Mistake> {
        match toml::to_string(self) {
            Ok(text) => Self::parse(None, text, &[], folder),
            Err(error) => Err(Mistake::InFile {
                place: None,
                message: error.to_string(),
            }),
        }
    }

    fn parse(
        file: Option<PathBuf>,
        text: String,
        settings: &[String],
        folder: PathBuf,
    ) -> Result<Written, Mistake> {
        let as_written = Places::new(file.clone(), text)?;
        let places = match settings {
            [] => as_written,
            settings => Places::new(file, apply(as_written.text(), settings)?)?,
        };
        unknown::refuse_unknown_keys(&places)?;
        let experiment: Experiment =
            toml::from_str(places.text()).map_err(|error| places.mistake_of(&error))?;
        texts::check(&experiment, &places)?;
        Ok(Written {
            experiment,
            places,
            folder,
        })
    }
}

fn apply(text: &str, settings: &[String]) -> Result<String, Mistake> {
    let wrong = |setting: &String, problem| Mistake::Setting {
        setting: setting.clone(),
        problem,
    };
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| wrong(&settings[0], error.to_string()))?;
    for setting in settings {
        set(document.as_item_mut(), setting).map_err(|problem| wrong(setting, problem))?;
    }
    Ok(document.to_string())
}

fn set(root: &mut Item, setting: &str) -> Result<(), String> {
    let (path, text) = setting
        .split_once('=')
        .ok_or("write it as path=value, such as index.0.nlist=64")?;
    let value: Value = text.trim().parse().unwrap_or_else(|_| text.trim().into());
    let mut item = root;
    if text.trim().is_empty() {
        return unset(item, path.trim());
    }
    for key in path.trim().split('.') {
        item = match key.parse::<usize>() {
            Ok(position) => item
                .get_mut(position)
                .ok_or_else(|| format!("there is no item {position} (the first is 0)"))?,
            Err(_) if item.is_table_like() || item.is_none() => &mut item[key],
            Err(_) => return Err(format!("`{key}` lies under something that is no table")),
        };
    }
    *item = Item::Value(value);
    Ok(())
}

/// Takes a key away, if it is there.
fn unset(root: &mut Item, path: &str) -> Result<(), String> {
    let (tables, key) = path.rsplit_once('.').unwrap_or(("", path));
    let mut item = root;
    for name in tables.split('.').filter(|name| !name.is_empty()) {
        let next = match name.parse::<usize>() {
            Ok(position) => item.get_mut(position),
            Err(_) => item.get_mut(name),
        };
        let Some(next) = next.filter(|next| !next.is_none()) else {
            return Ok(());
        };
        item = next;
    }
    match item.as_table_like_mut() {
        Some(table) => {
            table.remove(key);
            Ok(())
        }
        None => Err(format!("`{key}` lies under something that is no table")),
    }
}

/// Something wrong with an experiment: bad input, found before any work.
#[derive(Debug)]
pub enum Mistake {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A `--set` that cannot be applied.
    Setting {
        /// The setting as given.
        setting: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Something in the file.
    InFile {
        /// Where it stands, where a place is known.
        place: Option<Place>,
        /// What is wrong and what to do.
        message: String,
    },
}

/// A place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters to underline.
    pub width: usize,
    /// The line itself.
    pub text: String,
}

impl Place {
    pub(super) fn of(file: PathBuf, text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        let column = text[line_start..start].chars().count() + 1;
        let rest = line.chars().count() + 1 - column.min(line.chars().count() + 1);
        let wanted = text.get(start..span.end).unwrap_or_default().lines().next();
        let width = wanted.map_or(0, |covered| covered.chars().count());
        Self {
            file,
            line: text[..line_start].matches('\n').count() + 1,
            column,
            width: width.clamp(1, rest.max(1)),
            text: line.to_owned(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, .. } => {
                write!(f, "cannot read the experiment {}", path.display())
            }
            Self::Setting { setting, problem } => write!(f, "--set {setting}: {problem}"),
            Self::InFile {
                place: None,
                message,
            } => f.write_str(message),
            Self::InFile {
                place: Some(place),
                message,
            } => place.write(f, message),
        }
    }
}

impl Place {
    /// The message, then the line it is about, underlined.
    fn write(&self, f: &mut fmt::Formatter<'_>, message: &str) -> fmt::Result {
        let margin = " ".repeat(self.line.to_string().len());
        let indent = " ".repeat(self.column - 1);
        let underline = "^".repeat(self.width);
        writeln!(
            f,
            "{}:{}:{}: {message}",
            self.file.display(),
            self.line,
            self.column
        )?;
        writeln!(f, "{margin} |\n{} | {}", self.line, self.text)?;
        write!(f, "{margin} | {indent}{underline}")
    }
}

impl Error for Mistake {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use annbench_store::results::Mode;

    use super::*;
    use crate::{QueryTexts, TextSplit};

    const GOOD: &str = r#"name = "x"
k = 5
[dataset]
path = "base.parquet"
[measure]
budget = "90s"
[[index]]
type = "flat"
[[index]]
type = "ivf_flat"
nlist = [16, 32]
search.nprobe = [1, 2]
"#;

    fn load(text: &str, settings: &[&str]) -> Result<Written, Mistake> {
        let settings: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
        Experiment::parse(
            Some("x.toml".into()),
            text.into(),
            &settings,
            PathBuf::new(),
        )
    }

    /// Replaces `from` in a good experiment and expects the complaint to begin with `expected`.
    fn check(from: &str, to: &str, expected: &str) {
        assert!(GOOD.contains(from), "{from}");
        let message = load(&GOOD.replace(from, to), &[]).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    #[test]
    fn a_good_experiment_is_read_with_its_defaults() {
        let experiment = load(GOOD, &[]).unwrap().experiment;
        assert_eq!((experiment.k, experiment.seed), (5, 42));
        assert_eq!(experiment.measure.modes, [Mode::Single, Mode::Batch]);
        assert_eq!(experiment.measure.budget.as_secs(), 90);
        assert_eq!(
            experiment.index[1].build["nlist"],
            serde_json::json!([16, 32])
        );
        assert_eq!(
            experiment.index[1].search["nprobe"],
            serde_json::json!([1, 2])
        );
    }

    #[test]
    fn mistakes_are_shown_where_they_stand() {
        check(
            "k = 5",
            "kk = 5",
            "x.toml:2:1: kk: unknown key `kk`; did you mean `k`?",
        );
        check(
            "budget",
            "budgte",
            "x.toml:6:1: measure.budgte: unknown key `budgte`; did you mean `budget`?",
        );
        check(
            "k = 5",
            "k = \"five\"",
            "x.toml:2:5: invalid type: string \"five\", expected a whole number",
        );
        check(
            "\"90s\"",
            "\"soon\"",
            "x.toml:6:10: \"soon\" is no duration",
        );
        check("k = 5", "k = = 5", "x.toml:2:5: ");
        check(
            "path = \"base.parquet\"",
            "",
            "x.toml:3:2: dataset: names no data; give path",
        );
        check(
            "\"90s\"",
            "\"90s\"\nmodes = [\"singel\"]",
            "x.toml:7:10: unknown variant `singel`",
        );
    }

    #[test]
    fn vectors_and_texts_must_fit_together() {
        let path = "path = \"base.parquet\"";
        let check = |to: &str, expected: &str| check(path, to, expected);
        check(
            "path = \"a\"\ncorpus = \"b\"",
            "x.toml:5:1: dataset.corpus: path and corpus exclude",
        );
        check("corpus = \"b\"", "x.toml:3:2: dataset.model: texts need");
        check(
            "path = \"a\"\nmetadata = \"b\"",
            "x.toml:5:1: dataset.metadata: belongs to a corpus",
        );
        check(
            "path = \"a\"\nqueries.texts = [\"b\"]",
            "x.toml:3:2: dataset.model: texts need",
        );
        check(
            "corpus = \"a\"\nmodel = \"m\"\nqueries = { texts = \"b\", sample = 3 }",
            "x.toml:6:1: dataset.queries: texts, a file and a sample",
        );
        check(
            "path = \"a\"\nqueries.prefix = \"b\"",
            "x.toml:5:9: dataset.queries.prefix: belongs to queries",
        );
    }

    #[test]
    fn a_corpus_and_queries_in_words_are_read() {
        let texts = "corpus = \"a.txt\"\nsplit = \"paragraphs\"\nmodel = \"m\"\nqueries.texts = ";
        for (queries, expected) in [
            ("[\"b\"]", QueryTexts::List(vec!["b".into()])),
            ("\"b.txt\"", QueryTexts::File("b.txt".into())),
        ] {
            let text = GOOD.replace("path = \"base.parquet\"", &format!("{texts}{queries}"));
            let dataset = load(&text, &[]).unwrap().experiment.dataset;
            assert_eq!(dataset.split, Some(TextSplit::Paragraphs));
            assert_eq!(dataset.queries.texts, Some(expected));
        }
    }

    #[test]
    fn the_line_at_fault_is_quoted_and_underlined() {
        let error = load(&GOOD.replace("k = 5", "kk = 5"), &[]).unwrap_err();
        let message = error.to_string();
        assert!(message.ends_with("\n  |\n2 | kk = 5\n  | ^^"), "{message}");
    }

    #[test]
    fn a_complaint_about_what_is_not_written_points_at_what_is_around_it() {
        let written = load(GOOD, &[]).unwrap();
        let message = written
            .places
            .mistake("index.1.search.ef", "no")
            .to_string();
        assert!(
            message.starts_with("x.toml:12:1: index.1.search.ef: no"),
            "{message}"
        );
    }

    #[test]
    fn settings_change_values_wherever_they_stand() {
        let settings = [
            "k=7",
            "index.1.nlist=64",
            "name=new",
            "measure.rounds=3",
            "dataset.metric=l2",
        ];
        let experiment = load(GOOD, &settings).unwrap().experiment;
        assert_eq!((experiment.k, experiment.name.as_str()), (7, "new"));
        assert_eq!(experiment.index[1].build["nlist"], serde_json::json!(64));
        assert_eq!(experiment.measure.rounds, Some(3));
        assert_eq!(
            experiment.dataset.metric,
            Some(annbench_vectors::Metric::L2)
        );
    }

    #[test]
    fn an_empty_setting_takes_a_key_away() {
        let settings = [
            "k=",
            "index.1.nlist=",
            "measure.rounds=",
            "machine.blas_env=",
        ];
        let experiment = load(GOOD, &settings).unwrap().experiment;
        assert_eq!(experiment.k, 10);
        assert!(!experiment.index[1].build.contains_key("nlist"));
    }

    #[test]
    fn settings_that_cannot_be_applied_are_refused() {
        for (setting, expected) in [
            ("k", "--set k: write it as path=value"),
            (
                "index.7.nlist=1",
                "--set index.7.nlist=1: there is no item 7",
            ),
            (
                "k.x=1",
                "--set k.x=1: `x` lies under something that is no table",
            ),
            ("colour=red", "x.toml:3:1: colour: unknown key"),
        ] {
            let message = load(GOOD, &[setting]).unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn an_experiment_made_in_code_reads_back_the_same() {
        let experiment = load(GOOD, &[]).unwrap().experiment;
        let written = experiment.written(PathBuf::new()).unwrap();
        assert_eq!(written.experiment, experiment);
        let message = written
            .places
            .mistake("dataset.path", "is missing")
            .to_string();
        assert_eq!(
            message, "is missing",
            "nobody is pointed at a text they have not written"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Experiment::load(Path::new("no/such.toml"), &[]).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the experiment no/such.toml");
    }
}
