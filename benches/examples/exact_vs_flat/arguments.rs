//! What the user asked for.

use annbench_vectors::Metric;

use super::Outcome;

/// What can be timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Files,
    Bytes,
    Gaussian,
    Costs,
}

impl Work {
    const ALL: [(&'static str, Self); 4] = [
        ("files", Self::Files),
        ("bytes", Self::Bytes),
        ("gaussian", Self::Gaussian),
        ("costs", Self::Costs),
    ];

    fn named(name: &str) -> Outcome<Self> {
        let known = Self::ALL.iter().find(|(known, _)| *known == name);
        let (_, work) = known.ok_or_else(|| {
            format!("there is no work `{name}`; choose among files, bytes, gaussian and costs")
        })?;
        Ok(*work)
    }
}

#[derive(Debug)]
pub(crate) struct Arguments {
    /// Base and queries.
    pub(crate) files: Option<[String; 2]>,
    pub(crate) metric: Metric,
    pub(crate) works: Vec<Work>,
    pub(crate) rounds: usize,
    /// At most so many, if the user says so.
    pub(crate) queries: Option<usize>,
    pub(crate) threads: usize,
}

impl Arguments {
    pub(crate) fn of(words: &[String]) -> Outcome<Self> {
        let (options, files): (Vec<_>, Vec<_>) = words.iter().partition(|word| word.contains('='));
        let files = match &files[..] {
            [] => None,
            [base, queries] => Some([(*base).clone(), (*queries).clone()]),
            _ => return Err("give the files of the base and of the queries, or neither".into()),
        };
        let is_possible = |work: &Work| *work != Work::Files || files.is_some();
        let works = Work::ALL.iter().map(|(_, work)| *work);
        let mut arguments = Self {
            works: works.filter(is_possible).collect(),
            files,
            metric: Metric::Cosine,
            rounds: 7,
            queries: None,
            threads: std::thread::available_parallelism()?.get(),
        };
        for (name, value) in options.iter().filter_map(|word| word.split_once('=')) {
            arguments.set(name, value)?;
        }
        Ok(arguments)
    }

    fn set(&mut self, name: &str, value: &str) -> Outcome {
        match name {
            "metric" => self.metric = value.parse()?,
            "work" => self.works = value.split(',').map(Work::named).collect::<Outcome<_>>()?,
            "rounds" => self.rounds = value.parse::<usize>()?.max(1),
            "queries" => self.queries = Some(value.parse()?),
            "threads" => self.threads = value.parse::<usize>()?.max(1),
            _ => return Err(format!("there is no option `{name}`").into()),
        }
        Ok(())
    }
}
