//! One module a command.

mod answer;
pub(crate) mod ask;
pub(crate) mod backends;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod embed;
mod inputs;
pub(crate) mod inspect;
pub(crate) mod models;
pub(crate) mod overhead;
mod plan;
pub(crate) mod quick;
pub(crate) mod repeat;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod selftest;
mod texts;
pub(crate) mod worker;
