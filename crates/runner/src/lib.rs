//! Experiment TOML to plan to workers to measured rows, with checkpoints
