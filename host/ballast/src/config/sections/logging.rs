//! `logging`: what Ballast logs about itself, and how.

use tracing_subscriber::EnvFilter;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;
use crate::config::value;

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Logging {
    /// A level, or directives such as `info,ballast_engine=debug`.
    pub(crate) level: String,
    /// How a line looks.
    pub(crate) format: LogFormat,
}

impl Default for Logging {
    fn default() -> Self {
        Logging { level: "info".to_owned(), format: LogFormat::Text }
    }
}

/// `level`, `format`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Logging> {
    const FORMATS: [(&str, LogFormat); 2] = [("text", LogFormat::Text), ("json", LogFormat::Json)];
    let mut map = Map::of(context, node);
    let default = Logging::default();
    let logging = Logging {
        level: map.get("level", level).unwrap_or(default.level),
        format: map
            .get("format", |context, node| value::one_of(context, node, "format", &FORMATS))
            .unwrap_or_default(),
    };
    map.finish();
    Some(logging)
}

/// A bare word must be a level: taken as a directive it would mean a target, and everything else would be silent.
fn level(context: &Context<'_>, node: &Node) -> Option<String> {
    const LEVELS: [(&str, ()); 6] =
        [("off", ()), ("error", ()), ("warn", ()), ("info", ()), ("debug", ()), ("trace", ())];
    let level = value::filled(context, node)?;
    if !level.contains([',', '=']) {
        value::one_of(context, node, "level", &LEVELS)?;
        return Some(level);
    }
    match EnvFilter::builder().parse(&level) {
        Ok(_) => Some(level),
        Err(error) => {
            context.problem_with_help(
                node.at,
                format!("`{level}` is no level: {error}"),
                "write a level or directives, as in info,ballast_engine=debug",
            );
            None
        }
    }
}
