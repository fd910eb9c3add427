//! The tables of operating points: two for people, one for machines.

mod machines;
mod people;
mod spec;
mod under_load;

pub(crate) use machines::for_machines;
pub(crate) use people::for_people;
pub(crate) use under_load::under_load;
