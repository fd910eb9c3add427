//! Arguments of the commands that work with texts: ask, embed.

use std::path::PathBuf;

use clap::Args;

use super::groups::{CacheArgs, DtypeArgs, IdColumnArgs, OutputArgs, ThreadsArgs};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench ask runs/tutorial/latest \"why is the sky blue?\"
  annbench ask runs/tutorial/latest/indexes/02-ivf_flat-nlist-32.index \"whales\" --set nprobe=1
The model is the one that embedded the texts, as their Parquet file says.")]
pub(crate) struct AskArgs {
    /// A run's folder, or one of its indexes
    #[arg(value_name = "RUN_OR_INDEX")]
    pub(crate) place: PathBuf,
    /// The question
    pub(crate) question: String,
    /// Texts wanted
    #[arg(long, default_value_t = 5)]
    pub(crate) k: usize,
    /// Set a search parameter, such as nprobe=8; may be repeated [default: as the run measured first]
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The Parquet file of texts and embeddings that was indexed [default: the run's]
    #[arg(long, value_name = "FILE")]
    pub(crate) texts: Option<PathBuf>,
    /// The model: its folder, or its name on the Hugging Face hub [default: the one that embedded the
    /// texts]
    #[arg(long, value_name = "DIR_OR_NAME")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  annbench embed sentences.txt -o sentences.parquet
  annbench embed book.txt --paragraphs -o book.parquet --model models/bge-small-en --dtype f16
  annbench embed articles.jsonl --column body -o articles.parquet --model intfloat/e5-small-v2 \\
      --prefix 'passage: ' --query-prefix 'query: '
Blank lines of a text file are no texts. The output has the columns id, embedding, text and, where it
is given, metadata. What was computed is kept in the cache: the same command goes on where it was
interrupted, and texts that have not changed are not computed again.
Models come from the hub's cache (HF_HOME), or are downloaded into it unless HF_HUB_OFFLINE=1.")]
pub(crate) struct EmbedArgs {
    /// A UTF-8 text file, or a Parquet, JSON lines or CSV file with a column of texts
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The Parquet file to write
    #[arg(short, long, value_name = "OUT.parquet")]
    pub(crate) output: PathBuf,
    /// A sentence-transformers model of the BERT family (MiniLM, MPNet, BGE, E5, GTE): its folder, or
    /// its name on the Hugging Face hub
    #[arg(
        long,
        value_name = "DIR_OR_NAME",
        default_value = "sentence-transformers/all-MiniLM-L6-v2"
    )]
    pub(crate) model: String,
    /// Texts of a text file are paragraphs, with blank lines between, rather than lines
    #[arg(long)]
    pub(crate) paragraphs: bool,
    /// The column of texts [default: one called text or the like, else the only one]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    #[command(flatten)]
    pub(crate) id: IdColumnArgs,
    /// A JSON file with a value of metadata a text: an array, or JSON lines
    #[arg(long, value_name = "FILE.json")]
    pub(crate) metadata: Option<PathBuf>,
    /// What to put before every text [default: what the model asks for, mostly nothing]
    #[arg(long)]
    pub(crate) prefix: Option<String>,
    /// What is to be put before questions to these texts; noted in the output
    #[arg(long)]
    pub(crate) query_prefix: Option<String>,
    /// Texts computed together, at most
    #[arg(long, default_value_t = 64)]
    pub(crate) batch: usize,
    #[command(flatten)]
    pub(crate) threads: ThreadsArgs,
    #[command(flatten)]
    pub(crate) dtype: DtypeArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}
