//! How texts are to be embedded.

/// How texts are to be embedded. None of it changes the result beyond a rounding of 1e-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedOptions {
    /// Texts in a batch, at most; long texts come in smaller batches, so that memory stays bounded.
    pub batch: usize,
    /// Batches worked on at a time, each on a thread of its own. `None`: one for each CPU.
    ///
    /// In the long steps between matrix products candle uses threads of its own beside them, one
    /// for each core, unless the environment says `CANDLE_NUM_THREADS=1` before the first use.
    pub threads: Option<usize>,
}

impl Default for EmbedOptions {
    fn default() -> Self {
        Self {
            batch: 64,
            threads: None,
        }
    }
}
