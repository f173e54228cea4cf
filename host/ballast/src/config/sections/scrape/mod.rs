//! `global`, `scrape_configs` and `scrape_config_files`, as Prometheus writes them: that part of a prometheus.yml is pasted
//! unchanged. Keys and meanings are Prometheus's; so `$` belongs to relabelling, and the environment is filled in only in
//! `external_labels`, as Prometheus does.
//!
//! Each kind of thing has its file: a job, its HTTP client, its discoveries, its rules.

mod discovery;
mod files;
mod global;
mod http_client;
mod job;
mod kubernetes;
mod limits;
mod relabel;
mod words;

use std::collections::BTreeSet;

use ballast_outbound::ScrapeJob;

use crate::config::context::Context;
use crate::config::tree::{Content, Node};

pub(in crate::config) use files::read as read_files;
pub(crate) use global::Global;
pub(in crate::config) use global::read as read_global;

/// The jobs that were read so far.
#[derive(Debug, Default)]
pub(in crate::config) struct Jobs {
    pub(in crate::config) jobs: Vec<ScrapeJob>,
    names: BTreeSet<String>,
}

impl Jobs {
    /// `scrape_configs`: a list of jobs. Reports a name that another job has.
    pub(in crate::config) fn read(&mut self, context: &Context<'_>, node: &Node, global: &Global) {
        let Content::List(items) = &node.content else {
            return context.problem(node.at, format!("expected a list, found {}", node.kind()));
        };
        for item in items {
            let Some((job, at)) = job::read(context, item, global) else { continue };
            match self.names.insert(job.name.clone()) {
                true => self.jobs.push(job),
                false => context.problem(at, format!("there are two scrape jobs named `{}`", job.name)),
            }
        }
    }
}
