//! Text to embeddings with a sentence-transformers model
