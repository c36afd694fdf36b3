//! Everything that needs the machine.
