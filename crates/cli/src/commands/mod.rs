//! One module a command.

mod answer;
pub(crate) mod ask;
pub(crate) mod backends;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod data_fetch;
pub(crate) mod data_list;
pub(crate) mod embed;
mod harness;
mod inputs;
pub(crate) mod inspect;
mod locate;
pub(crate) mod make;
pub(crate) mod models;
pub(crate) mod overhead;
mod plan;
pub(crate) mod quick;
pub(crate) mod repeat;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod selftest;
pub(crate) mod truth;
mod texts;
pub(crate) mod worker;
