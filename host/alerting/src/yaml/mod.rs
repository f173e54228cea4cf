//! YAML as a tree whose every node knows its place, so that all problems of a file are found in one pass and each at its
//! line and column. What the tree means is `rule_file`'s business.

mod node;
mod position;

pub(crate) use node::{Content, Entry, Node, Scalar, parse};
