//! Criterion micro-benchmarks
