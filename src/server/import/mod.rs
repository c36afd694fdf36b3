//! Reading files of other systems: how a mapping describes a file, and what its lines say. Nothing here knows the
//! database; what is read is resolved, staged and posted by `services::imports`.

pub mod mapping;
pub mod read;
pub mod text;
