//! Exact search against references that nobody here wrote, and against a naive search.

mod properties;
mod references;
mod shared;
