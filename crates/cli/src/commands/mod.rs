//! One module a command.

pub(crate) mod backends;
mod companions;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod embed;
mod inputs;
pub(crate) mod inspect;
pub(crate) mod overhead;
mod plan;
pub(crate) mod quick;
pub(crate) mod repeat;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod selftest;
pub(crate) mod worker;
