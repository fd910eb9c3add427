//! FAISS behind annbench's index traits
