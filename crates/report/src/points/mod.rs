//! The tables of operating points: one for people, one for machines.

mod machines;
mod people;
mod spec;

pub(crate) use machines::for_machines;
pub(crate) use people::for_people;
