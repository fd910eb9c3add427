//! Who is told how far a run is. The runner prints nothing itself.

/// Is told of steps, one at a time.
pub trait Observer: Send {
    /// A step begins; `total` is what [`advance`](Self::advance) counts to, where it is known.
    fn begin(&mut self, step: &str, total: Option<u64>);
    /// A transfer of `total` bytes begins, which [`advance`](Self::advance) counts.
    fn begin_transfer(&mut self, step: &str, total: u64) {
        self.begin(step, Some(total));
    }
    /// So much of the step is done.
    fn advance(&mut self, done: u64);
    /// The step is done.
    fn end(&mut self);
    /// Something worth a line.
    fn note(&mut self, text: &str);
}

/// Is told and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _: &str, _: Option<u64>) {}
    fn advance(&mut self, _: u64) {}
    fn end(&mut self) {}
    fn note(&mut self, _: &str) {}
}
