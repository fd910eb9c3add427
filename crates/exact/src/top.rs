//! The best of one query so far, in memory that does not grow with the base.
//!
//! Candidates wait with their bounds. When too many wait, those that the bounds rule out go; if
//! that is not enough (many ties, or a bound that says little), the rest are scored and only the
//! `k` best stay, with a count of the vectors tied with the last of them.

use std::cmp::Ordering;

use crate::bound::Bounds;

/// A scored row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) key: f64,
    pub(crate) row: u64,
}

impl Scored {
    /// Larger keys first, equal ones by row number. Keys are no NaN.
    fn nearer_first(&self, other: &Self) -> Ordering {
        let by_key = other.key.partial_cmp(&self.key).unwrap_or(Ordering::Equal);
        by_key.then(self.row.cmp(&other.row))
    }
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    bounds: Bounds,
    row: u64,
}

/// The best of one query so far.
#[derive(Debug)]
pub(crate) struct Top {
    k: usize,
    /// No row whose key is below this can be among the `k` best or tied with the last.
    floor: f64,
    waiting: Vec<Candidate>,
    /// At most `k`, sorted.
    best: Vec<Scored>,
    /// Rows that had no place in `best` and have the key of its last.
    tied_outside: u64,
}

impl Top {
    pub(crate) fn new(k: usize) -> Self {
        Self {
            k,
            floor: f64::NEG_INFINITY,
            waiting: Vec::new(),
            best: Vec::new(),
            tied_outside: 0,
        }
    }

    /// Takes a row into account. `key_of` scores a row, should it come to that.
    #[inline(always)]
    pub(crate) fn offer(&mut self, row: u64, bounds: Bounds, key_of: impl Fn(u64) -> f64) {
        if bounds.high >= self.floor {
            self.admit(Candidate { bounds, row }, key_of);
        }
    }

    #[cold]
    fn admit(&mut self, candidate: Candidate, key_of: impl Fn(u64) -> f64) {
        self.waiting.push(candidate);
        if self.waiting.len() >= self.room() {
            self.drop_hopeless();
            if self.waiting.len() > self.room() / 2 {
                self.score_waiting(key_of);
            }
        }
    }

    /// Candidates that may wait: enough that the work done when they are too many, which is
    /// linear in them, is little for each.
    fn room(&self) -> usize {
        (4 * self.k).max(64)
    }

    fn drop_hopeless(&mut self) {
        self.raise_floor();
        let floor = self.floor;
        self.waiting.retain(|waiting| waiting.bounds.high >= floor);
    }

    /// At least `k` rows have a key of at least the `k`-th largest lower bound.
    fn raise_floor(&mut self) {
        let waiting = self.waiting.iter().map(|waiting| waiting.bounds.low);
        let mut lows: Vec<f64> = waiting.chain(self.best.iter().map(|s| s.key)).collect();
        // Over an empty base k is 0.
        if let Some(last) = self.k.checked_sub(1).filter(|last| *last < lows.len()) {
            let (_, kth, _) = lows.select_nth_unstable_by(last, |a, b| b.total_cmp(a));
            self.floor = self.floor.max(*kth);
        }
    }

    fn score_waiting(&mut self, key_of: impl Fn(u64) -> f64) {
        let scored = self.waiting.drain(..).map(|waiting| Scored {
            key: key_of(waiting.row),
            row: waiting.row,
        });
        let scored: Vec<Scored> = scored.collect();
        self.keep_best(scored, 0, None);
    }

    /// Merges rows in, and `tied_outside` more rows that have the key `outside_key`.
    fn keep_best(&mut self, more: Vec<Scored>, tied_outside: u64, outside_key: Option<f64>) {
        let own_key = self.last_key();
        self.best.extend(more);
        self.best.sort_unstable_by(Scored::nearer_first);
        let dropped = self.best.split_off(self.k.min(self.best.len()));
        let last = self.last_key();
        let still_tied = |count, key| if key == last { count } else { 0 };
        self.tied_outside = still_tied(self.tied_outside, own_key)
            + still_tied(tied_outside, outside_key)
            + dropped.iter().filter(|s| Some(s.key) == last).count() as u64;
        if let (Some(key), true) = (last, self.best.len() == self.k) {
            self.floor = self.floor.max(key);
        }
    }

    fn last_key(&self) -> Option<f64> {
        self.best.last().map(|scored| scored.key)
    }

    /// Scores what still waits.
    pub(crate) fn finish(mut self, key_of: impl Fn(u64) -> f64) -> Finished {
        self.drop_hopeless();
        self.score_waiting(key_of);
        Finished(self)
    }
}

/// The best of one query over a part of the base, all scored.
#[derive(Debug)]
pub(crate) struct Finished(Top);

impl Finished {
    /// The best over both parts. They have no row in common.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        let outside_key = other.0.last_key();
        self.0
            .keep_best(other.0.best, other.0.tied_outside, outside_key);
        self
    }

    /// The best rows, nearest first.
    pub(crate) fn best(&self) -> &[Scored] {
        &self.0.best
    }

    /// Rows that have the key of the last of the best, that one included.
    pub(crate) fn ties_at_k(&self) -> u64 {
        let last = self.0.last_key();
        let inside = self.0.best.iter().filter(|s| Some(s.key) == last);
        inside.count() as u64 + self.0.tied_outside
    }
}
