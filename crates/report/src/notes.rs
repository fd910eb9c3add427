//! Notes under a table: what a reader must know, once, with advice.

use annbench_store::results::{BuildRow, PointRow, Status, Warning};

use crate::{Run, lines::Line, note_groups::Groups};

/// Notes to a run and to its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// Notes to the whole run.
    pub run: Vec<Note>,
    /// Notes to rows; the first has number 1.
    pub numbered: Vec<Note>,
    groups: Groups,
}

/// Something a reader must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it is.
    pub text: String,
    /// What to do about it; empty where there is nothing.
    pub advice: String,
}

impl From<&Warning> for Note {
    fn from(warning: &Warning) -> Self {
        Self {
            text: warning.to_string(),
            advice: warning.advice(),
        }
    }
}

impl Notes {
    /// The notes to a run itself.
    pub(crate) fn to_run(run: &Run) -> Self {
        Self {
            run: run.record.warnings.iter().map(Note::from).collect(),
            numbered: Vec::new(),
            groups: Groups::of(run),
        }
    }

    /// Takes up what there is to say of a line and gives the numbers, ascending.
    pub(crate) fn number(&mut self, line: &Line<'_>) -> Vec<usize> {
        let of_build: Vec<Note> = line.build.into_iter().flat_map(of_build).collect();
        let of_rows = self.of_rows(line);
        self.add(of_build.into_iter().chain(of_rows))
    }

    /// The same of the line's rows alone, where another table tells of the index.
    pub(crate) fn number_of_rows(&mut self, line: &Line<'_>) -> Vec<usize> {
        let of_rows = self.of_rows(line);
        self.add(of_rows.into_iter())
    }

    /// The notes to a line's rows: of many rows one.
    fn of_rows(&self, line: &Line<'_>) -> Vec<Note> {
        let of_row = |row: &&PointRow| -> Vec<Note> {
            let of_warnings = row.warnings.iter().map(|w| self.groups.note(w));
            of_status(&row.status).chain(of_warnings).collect()
        };
        line.rows.iter().flat_map(of_row).collect()
    }

    /// The numbers of notes, ascending, each once.
    fn add(&mut self, notes: impl Iterator<Item = Note>) -> Vec<usize> {
        let mut numbers: Vec<usize> = notes.map(|note| self.number_of(note)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// The number of a note; one that was said before keeps its number.
    fn number_of(&mut self, note: Note) -> usize {
        let known = self.numbered.iter().position(|other| *other == note);
        let at = known.unwrap_or_else(|| {
            self.numbered.push(note);
            self.numbered.len() - 1
        });
        at + 1
    }
}

/// The loudest notes: a run that is not finished; an exact index that missed true neighbours, wherever
/// it is recorded.
pub(crate) fn alarms(run: &Run) -> Vec<Note> {
    let of_run = run.record.warnings.iter().map(|w| (String::new(), w));
    let builds = run.builds.iter();
    let of_builds = builds.flat_map(|b| b.warnings.iter().map(|w| (b.label.clone(), w)));
    let of_points = run.candidates().flat_map(|p| {
        let place = format!("{}, {}", p.label, p.load());
        p.warnings.iter().map(move |w| (place.clone(), w))
    });
    of_run
        .chain(of_builds)
        .chain(of_points)
        .filter(|(_, warning)| {
            matches!(
                warning,
                Warning::ExactBelowOne { .. } | Warning::Unfinished { .. }
            )
        })
        .map(|(place, warning)| placed(&place, warning))
        .collect()
}

/// All that a line's notes say, in one text: `failed: out of memory; budget spent …`.
pub(crate) fn in_one_text(line: &Line<'_>) -> String {
    let of_build = line.build.into_iter().flat_map(of_build);
    let of_rows = line.rows.iter().flat_map(|row| of_row(row));
    let texts: Vec<String> = of_build.chain(of_rows).map(|note| note.text).collect();
    texts.join("; ")
}

fn placed(place: &str, warning: &Warning) -> Note {
    let place = match place {
        "" => String::new(),
        place => format!(" ({place})"),
    };
    Note {
        text: format!("{warning}{place}"),
        advice: warning.advice(),
    }
}

fn of_build(build: &BuildRow) -> impl Iterator<Item = Note> {
    of_status(&build.status).chain(build.warnings.iter().map(Note::from))
}

fn of_row(row: &PointRow) -> impl Iterator<Item = Note> {
    of_status(&row.status).chain(row.warnings.iter().map(Note::from))
}

fn of_status(status: &Status) -> impl Iterator<Item = Note> {
    let reason = match status {
        Status::Ok => None,
        Status::Failed(reason) => Some(reason),
    };
    reason.into_iter().map(|reason| Note {
        text: format!("failed: {reason}"),
        advice: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, lines};

    #[test]
    fn a_note_said_twice_has_one_number() {
        let run = fixture::run();
        let mut notes = Notes::to_run(&run);
        let lines = lines::by_point(&run);
        let numbers: Vec<Vec<usize>> = lines.iter().map(|line| notes.number(line)).collect();
        assert_eq!(numbers[1], numbers[2]);
        assert_eq!(notes.run.len(), 1);
        let last = numbers.iter().flatten().max().unwrap();
        assert_eq!(*last, notes.numbered.len());
    }

    #[test]
    fn a_doubt_about_many_rows_is_one_note_to_all_tables() {
        let mut run = fixture::run();
        for (number, row) in run.points.iter_mut().enumerate() {
            row.warnings = vec![Warning::Trend {
                in_spite_of_warmup: false,
                drift: 0.01 * (number + 1) as f64,
            }];
        }
        let mut notes = Notes::to_run(&run);
        for line in lines::by_point(&run) {
            notes.number(&line);
        }
        let before = notes.numbered.clone();
        let trends = before.iter().filter(|note| note.text.starts_with("rounds"));
        assert_eq!(trends.count(), 1, "{before:?}");
        for line in lines::under_load(&run) {
            assert_eq!(notes.number_of_rows(&line).len(), 1);
        }
        assert_eq!(notes.numbered, before);
    }

    #[test]
    fn an_exact_index_below_one_is_an_alarm_that_says_where() {
        let mut run = fixture::run();
        assert_eq!(alarms(&run), []);
        run.points[0].warnings = vec![Warning::ExactBelowOne { recall: 0.5 }];
        let alarms = alarms(&run);
        assert_eq!(alarms.len(), 1);
        assert!(alarms[0].text.ends_with("(flat, single)"), "{alarms:?}");
    }
}
