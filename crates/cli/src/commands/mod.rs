//! One module a command.

pub(crate) mod backends;
pub(crate) mod completions;
pub(crate) mod convert;
pub(crate) mod diff;
pub(crate) mod embed;
mod inputs;
pub(crate) mod inspect;
pub(crate) mod list;
pub(crate) mod open;
pub(crate) mod overhead;
mod plan;
pub(crate) mod quick;
pub(crate) mod recommend;
pub(crate) mod repeat;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod search;
pub(crate) mod selftest;
pub(crate) mod tune;
pub(crate) mod worker;
