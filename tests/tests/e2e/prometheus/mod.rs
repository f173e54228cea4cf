//! Ballast beside the real prometheus, and asked by the real promtool.

mod data;
mod differential;
mod generate;
mod promtool;
mod remote_source;
