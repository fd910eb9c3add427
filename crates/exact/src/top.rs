//! The best of one query so far, in memory that does not grow with the base.
//!
//! Candidates wait with their bounds. When too many wait, those that the bounds rule out go. If
//! that is not enough, bounds from int8 sums are replaced by those from f32 sums; if that is not
//! enough either (many ties, or a bound that says little), the rest are scored and only the `k`
//! best stay, with a count of the vectors tied with the last of them.

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

/// A row that may be among the best.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) bounds: Bounds,
    pub(crate) row: u64,
    /// Whether the bounds are as tight as f32 makes them.
    pub(crate) is_fine: bool,
}

/// Looks at a candidate more closely.
pub(crate) trait Judge {
    /// Replaces the bounds of those that are not fine.
    fn refine(&self, candidates: &mut [Candidate]);

    /// The keys of the candidates, in their order.
    fn score(&self, candidates: &[Candidate]) -> Vec<Scored>;
}

/// The best of one query so far.
#[derive(Debug)]
pub(crate) struct Top {
    k: usize,
    /// No row whose key is below this can be among the `k` best or tied with the last.
    floor: f64,
    waiting: Vec<Candidate>,
    /// Candidates that may wait until the next look at them. It grows from little, so that the
    /// floor soon rises.
    limit: usize,
    /// At most `k`, sorted.
    best: Vec<Scored>,
    /// Rows that had no place in `best` and have the key of its last.
    tied_outside: u64,
}

impl Top {
    /// For the `k` best rows whose keys reach `floor`.
    pub(crate) fn new(k: usize, floor: f64) -> Self {
        Self {
            k,
            floor,
            waiting: Vec::new(),
            limit: Self::least_limit(k),
            best: Vec::new(),
            tied_outside: 0,
        }
    }

    fn least_limit(k: usize) -> usize {
        2 * k + 32
    }

    /// Candidates that may wait at most.
    fn room(&self) -> usize {
        4 * self.k + 1024
    }

    /// Rows wanted.
    pub(crate) fn k(&self) -> usize {
        self.k
    }

    /// No row whose key is below this is wanted.
    #[inline]
    pub(crate) fn floor(&self) -> f64 {
        self.floor
    }

    /// Takes a row into account.
    #[inline(always)]
    pub(crate) fn offer(&mut self, candidate: Candidate, judge: &impl Judge) {
        if candidate.bounds.high >= self.floor {
            self.admit(candidate, judge);
        }
    }

    #[cold]
    fn admit(&mut self, candidate: Candidate, judge: &impl Judge) {
        self.waiting.push(candidate);
        if self.waiting.len() >= self.limit {
            self.make_room(judge);
        }
    }

    /// Leaves at most half of the room taken.
    fn make_room(&mut self, judge: &impl Judge) {
        self.drop_hopeless();
        if self.waiting.len() > self.room() / 2 {
            judge.refine(&mut self.waiting);
            self.drop_hopeless();
        }
        if self.waiting.len() > self.room() / 2 {
            self.score_waiting(judge);
        }
        self.limit = (2 * self.waiting.len()).max(Self::least_limit(self.k));
    }

    fn drop_hopeless(&mut self) {
        self.raise_floor();
        let floor = self.floor;
        // Not `retain`, which jumps for each candidate, half of the time where nobody foresees it.
        let mut kept = 0;
        for at in 0..self.waiting.len() {
            let candidate = self.waiting[at];
            self.waiting[kept] = candidate;
            kept += usize::from(candidate.bounds.high >= floor);
        }
        self.waiting.truncate(kept);
    }

    /// At least `k` rows have a key of at least the `k`-th largest lower bound.
    fn raise_floor(&mut self) {
        let mut lows = Vec::with_capacity(self.waiting.len() + self.best.len());
        lows.extend(
            self.waiting
                .iter()
                .map(|waiting| ordered(waiting.bounds.low)),
        );
        lows.extend(self.best.iter().map(|scored| ordered(scored.key)));
        // Over an empty base k is 0.
        if let Some(others) = lows.len().checked_sub(self.k).filter(|_| self.k > 0) {
            let (_, kth, _) = lows.select_nth_unstable(others);
            self.floor = self.floor.max(of_ordered(*kth));
        }
    }

    fn score_waiting(&mut self, judge: &impl Judge) {
        let scored = judge.score(&self.waiting);
        self.waiting.clear();
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

    /// Scores what still waits and may matter.
    pub(crate) fn finish(mut self, judge: &impl Judge) -> Finished {
        self.drop_hopeless();
        judge.refine(&mut self.waiting);
        self.drop_hopeless();
        self.score_waiting(judge);
        Finished(self)
    }
}

/// An integer for each number, in the order of [`f64::total_cmp`]: integers are selected from in
/// half the time.
fn ordered(value: f64) -> i64 {
    let bits = value.to_bits().cast_signed();
    bits ^ ((bits >> 63) & i64::MAX)
}

/// The number of an integer of [`ordered`].
fn of_ordered(bits: i64) -> f64 {
    f64::from_bits((bits ^ ((bits >> 63) & i64::MAX)).cast_unsigned())
}

/// The best of one query over a part of the base, all scored.
#[derive(Debug)]
pub(crate) struct Finished(Top);

impl Finished {
    /// The best of nothing.
    pub(crate) fn nothing() -> Self {
        Self(Top::new(0, f64::NEG_INFINITY))
    }

    /// The key of the `k`-th best, if there are so many: what further rows must reach.
    pub(crate) fn floor_of(&self, k: usize) -> f64 {
        match self.0.best.get(k - 1) {
            Some(kth) => kth.key,
            None => f64::NEG_INFINITY,
        }
    }

    /// The same for rows that are counted from `first`.
    pub(crate) fn counted_from(mut self, first: u64) -> Self {
        for scored in &mut self.0.best {
            scored.row += first;
        }
        self
    }

    /// The best over both parts. They have no row in common.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.0.k = self.0.k.max(other.0.k);
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
