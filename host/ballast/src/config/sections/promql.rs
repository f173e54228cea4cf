//! `promql`: which experimental parts of PromQL rules, indicators and queries may use.

use ballast_promql::syntax::Features;

use crate::config::context::Context;
use crate::config::map::Map;
use crate::config::tree::Node;
use crate::config::value;

/// The names are those of Prometheus's `--enable-feature`.
const KNOWN: [(&str, &str); 4] = [
    (Features::EXPERIMENTAL_FUNCTIONS, Features::EXPERIMENTAL_FUNCTIONS),
    (Features::DURATION_EXPRESSIONS, Features::DURATION_EXPRESSIONS),
    (Features::EXTENDED_RANGES, Features::EXTENDED_RANGES),
    (Features::FILL_MODIFIERS, Features::FILL_MODIFIERS),
];

/// `features`.
pub(in crate::config) fn read(context: &Context<'_>, node: &Node) -> Option<Features> {
    let mut map = Map::of(context, node);
    let word = |context: &Context<'_>, node: &Node| value::one_of(context, node, "feature", &KNOWN);
    let words = map.get("features", value::list(word)).unwrap_or_default();
    map.finish();
    let mut features = Features::default();
    for word in words {
        features.enable(word);
    }
    Some(features)
}
