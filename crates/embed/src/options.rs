//! How texts are to be embedded.

/// How texts are to be embedded. Only the prefix changes the result beyond a rounding of 1e-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbedOptions {
    /// Texts in a batch, at most; long texts come in smaller batches, so that memory stays bounded.
    pub batch: usize,
    /// Batches worked on at a time, each on a thread of its own. `None`: one for each CPU.
    pub threads: Option<usize>,
    /// What is put before every text. `None`: what the model itself asks for, mostly nothing.
    pub prefix: Option<String>,
}

impl Default for EmbedOptions {
    fn default() -> Self {
        Self {
            batch: 64,
            threads: None,
            prefix: None,
        }
    }
}
