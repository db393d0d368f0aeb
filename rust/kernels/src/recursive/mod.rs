//! Statistics that remember the whole past.

pub mod ewm;
pub mod paths;
pub mod sweep;
pub mod trend;
pub mod wilder;
