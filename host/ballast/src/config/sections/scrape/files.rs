//! `scrape_config_files`: more jobs in files of their own, each with `scrape_configs` and nothing else. Paths in such a file
//! start at its own folder, and its problems are told at their place in it.

use std::path::Path;

use ballast_outbound::discovery::files_matching;

use super::{Global, Jobs, words};
use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::{self, Node};

/// A list of paths whose last part may have `*`, `?` and `[…]`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node, global: &Global, jobs: &mut Jobs) {
    let pattern = |context: &Context<'_>, node: &Node| Some((words::path(context, node)?, node.at));
    for (pattern, at) in words::list(pattern)(context, node).unwrap_or_default() {
        let shown = pattern.display();
        match files_matching(&pattern) {
            Ok(files) => files.iter().for_each(|file| read_file(context, at, file, global, jobs)),
            Err(reason) => context.problem(at, format!("cannot read the folder of {shown}: {reason}")),
        }
    }
}

fn read_file(
    context: &Context<'_>,
    at: ballast_alerting::Position,
    file: &Path,
    global: &Global,
    jobs: &mut Jobs,
) {
    let source = match std::fs::read_to_string(file) {
        Ok(source) => source,
        Err(error) => return context.problem(at, format!("cannot read {}: {error}", file.display())),
    };
    let inside = context.included(file, &source);
    match tree::parse(&source) {
        Err((at, message)) => inside.problem(at, message),
        Ok(root) => {
            let mut map = Map::of(&inside, &root);
            if let Some(node) = map.node("scrape_configs") {
                jobs.read(&inside, node, global);
            }
            map.finish();
        }
    }
    context.absorb(inside);
}
